/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import io.offloadstream.checkpoint.PackedFormat.Group;
import io.offloadstream.checkpoint.PackedFormat.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.PackedBf16;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Examines the escapes of losslessly packed tensors ({@link PackedBf16}) before kernels follow
 * them: kernels go where the index of the rows leads, so one flipped bit in it would have them read
 * what is not theirs. The index alone is read, 4 bytes a row; what the list behind it says can make
 * digits wrong and no more.
 */
final class PackedEscapes {

    /** The JDK copies what it reads off the heap first, as much as it is asked for. */
    private static final int CHUNK_BYTES = 1 << 16;

    private final PackedJson metadata;
    private final ByteBuffer chunk =
            ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);

    /**
     * Prepares the examination of a packed model.
     *
     * @param metadata for messages
     */
    PackedEscapes(PackedJson metadata) {
        this.metadata = metadata;
    }

    /**
     * Checks what packed tensors of a group have beside them.
     *
     * @param group of a file that is there, as long as it should be
     * @param bin the file
     * @throws CheckpointException if escapes are missing, too short or not of their tensor
     */
    void require(Group group, Path bin) {
        Map<String, Tensor> byName = new HashMap<>();
        group.tensors().forEach(tensor -> byName.put(tensor.name(), tensor));
        List<Tensor> packed =
                group.tensors().stream()
                        .filter(tensor -> tensor.type() == DType.BF16_PACKED)
                        .toList();
        if (packed.isEmpty()) {
            return;
        }
        try (FileChannel channel = FileChannel.open(bin, StandardOpenOption.READ)) {
            for (Tensor tensor : packed) {
                long rows = rows(tensor);
                Tensor escapes = byName.get(tensor.name() + PackedBf16.SUFFIX);
                requireBeside(group, tensor, rows, escapes);
                requireIndex(channel, bin, escapes, rows);
            }
        } catch (IOException e) {
            throw new CheckpointException(bin + ": cannot be read: " + e.getMessage(), e);
        }
    }

    private long rows(Tensor tensor) {
        long columns = tensor.shape().isEmpty() ? 0 : tensor.shape().get(tensor.shape().size() - 1);
        if (columns == 0 || columns > PackedBf16.MOST_COLUMNS) {
            throw metadata.damaged(
                    "tensor "
                            + StrictJson.quote(tensor.name())
                            + " is packed in rows of "
                            + columns
                            + " weights, expected 32 to "
                            + PackedBf16.MOST_COLUMNS);
        }
        return tensor.sizeBytes() / DType.BF16_PACKED.bytes(columns);
    }

    private void requireBeside(Group group, Tensor tensor, long rows, Tensor escapes) {
        long leastBytes = PackedBf16.escapesBytes(rows, 0);
        if (escapes == null || escapes.type() != DType.U8 || escapes.sizeBytes() < leastBytes) {
            String found =
                    escapes == null
                            ? "has none"
                            : "has " + escapes.type() + " of " + escapes.sizeBytes() + " bytes";
            throw metadata.damaged(
                    "packed tensor "
                            + StrictJson.quote(tensor.name())
                            + " needs "
                            + StrictJson.quote(tensor.name() + PackedBf16.SUFFIX)
                            + " beside it, U8 of at least "
                            + leastBytes
                            + " bytes; group "
                            + StrictJson.quote(group.name())
                            + " "
                            + found);
        }
    }

    /** Rows begin behind the index, one where the one before it ends, and end with the tensor. */
    private void requireIndex(FileChannel channel, Path bin, Tensor escapes, long rows)
            throws IOException {
        long at = escapes.offset() + PackedBf16.TABLE_BYTES;
        long left = Integer.BYTES * (rows + 1);
        long least = PackedBf16.escapesBytes(rows, 0);
        long reached = least;
        for (long row = 0; left > 0; ) {
            chunk.clear().limit((int) Math.min(chunk.capacity(), left));
            read(channel, bin, at);
            at += chunk.limit();
            left -= chunk.limit();
            for (; chunk.hasRemaining(); row++) {
                long begin = Integer.toUnsignedLong(chunk.getInt());
                boolean misplaced =
                        begin < reached
                                || begin > escapes.sizeBytes()
                                || (begin - least) % Integer.BYTES != 0
                                || (row == 0 && begin != least)
                                || (row == rows && begin != escapes.sizeBytes());
                if (misplaced) {
                    throw damaged(bin, escapes, rows, row, begin, reached);
                }
                reached = begin;
            }
        }
    }

    /** Fills the chunk. */
    private void read(FileChannel channel, Path bin, long begin) throws IOException {
        while (chunk.hasRemaining()) {
            if (channel.read(chunk, begin + chunk.position()) < 0) {
                throw new CheckpointException(bin + ": was cut while it was opened");
            }
        }
        chunk.flip();
    }

    private static CheckpointException damaged(
            Path bin, Tensor escapes, long rows, long row, long begin, long reached) {
        String expected =
                row == 0 || row == rows
                        ? Long.toString(row == 0 ? reached : escapes.sizeBytes())
                        : "a multiple of 4 from " + reached + " to " + escapes.sizeBytes();
        return new CheckpointException(
                bin
                        + ": tensor "
                        + StrictJson.quote(escapes.name())
                        + " has "
                        + begin
                        + " at place "
                        + row
                        + " of its index, expected "
                        + expected
                        + "; its bytes were damaged: copy the file again, or convert the model"
                        + " again");
    }
}
