/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import io.offloadstream.platform.DType;
import java.util.Arrays;
import java.util.List;

/**
 * The packed format: one flat file per weight group, and {@code metadata.json}, which says what is
 * in them. docs/packed-format.md has every byte of it.
 *
 * <pre>
 * metadata.json    "format", "version", what the copy was made from and how, and
 *                  "groups": [{"name", "file", "offset", "bytes", "crc32c",
 *                    "tensors": [{"name", "dtype", "shape", "offset", "bytes"}, ...]}, ...]
 * layer_000.bin    groups: tensors at multiples of 256 bytes, zeros between and behind them to a
 * ...              multiple of 4096 bytes; little-endian, row-major
 * </pre>
 *
 * <p>A group is one extent of a file; several groups may share a file. Offsets count from the start
 * of the file. The checksum is CRC-32C (Castagnoli) of the whole extent, padding included.
 */
final class PackedFormat {

    static final String METADATA = "metadata.json";
    static final String NAME = "offloadstream-packed";
    static final int VERSION = 1;

    /** What kernels load whole vectors from, and what a device aligns tensors to. */
    static final int TENSOR_ALIGNMENT_BYTES = 256;

    /** What direct reads start and end at on every file system we know. */
    static final int GROUP_ALIGNMENT_BYTES = 4096;

    private PackedFormat() {}

    /**
     * A tensor of a group.
     *
     * @param name its name in the checkpoint
     * @param type its dtype, possibly of blocks
     * @param shape dimensions, outermost first
     * @param offset its first byte, from the start of the file
     * @param sizeBytes how many bytes it has
     */
    record Tensor(String name, DType type, List<Long> shape, long offset, long sizeBytes) {

        long[] dimensions() {
            return shape.stream().mapToLong(Long::longValue).toArray();
        }
    }

    /**
     * A group.
     *
     * @param name for messages and for the journal
     * @param file plain name of its file
     * @param offset its first byte there
     * @param sizeBytes padding included
     * @param crc32c of these bytes
     * @param tensors what it holds, by offset
     */
    record Group(
            String name,
            String file,
            long offset,
            long sizeBytes,
            int crc32c,
            List<Tensor> tensors) {

        Group {
            tensors = List.copyOf(tensors);
        }
    }

    /**
     * Returns the size of a tensor.
     *
     * @param type its dtype
     * @param shape dimensions, outermost first
     * @return bytes
     * @throws ArithmeticException if they do not fit a long
     * @throws IllegalArgumentException if its rows are not whole blocks
     */
    static long sizeBytes(DType type, long... shape) {
        long columns = shape.length == 0 ? 1 : shape[shape.length - 1];
        if (columns % type.blockElements() != 0) {
            throw new IllegalArgumentException(
                    "rows of " + columns + " elements are no whole blocks of " + type);
        }
        long sizeBytes = type.bytes(columns);
        for (int i = 0; i < shape.length - 1; i++) {
            sizeBytes = Math.multiplyExact(sizeBytes, shape[i]);
        }
        return sizeBytes;
    }

    /** Finds a dtype by the name that metadata.json has for it. */
    static DType type(String name) {
        return Arrays.stream(DType.values())
                .filter(type -> type.name().equals(name))
                .findFirst()
                .orElse(null);
    }
}
