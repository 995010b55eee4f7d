/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import io.offloadstream.platform.DType;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads and validates the header of one safetensors file.
 *
 * <p>The format (github.com/huggingface/safetensors, README.md and {@code tensor.rs}):
 *
 * <pre>
 * bytes 0..7      N, the length of the header: unsigned, little-endian, at most 100,000,000
 * bytes 8..8+N    the header: one JSON object in UTF-8 that starts with '{', possibly followed by
 *                 spaces (writers pad it so that the data starts at a multiple of 8)
 *                   "NAME": {"dtype": "F16", "shape": [4, 16], "data_offsets": [BEGIN, END]}
 *                   "__metadata__": {"format": "pt", ...}          optional, ignored here
 * bytes 8+N..     the data: little-endian, row-major; BEGIN and END count from its start
 * </pre>
 *
 * <p>Offsets must agree with dtype and shape; the tensors in order of their offsets must cover the
 * data from its first to its last byte without holes or overlaps; no name may come twice. Shapes
 * may be empty (a scalar) or hold zeros (no bytes). A dtype that we do not know is kept as it is:
 * its size is what the offsets say, and {@link TensorEntry#type()} throws.
 */
final class SafetensorsReader {

    static final String METADATA = "__metadata__";
    static final int LENGTH_BYTES = 8;
    static final int MAX_HEADER_BYTES = 100_000_000;

    /** What NumPy and PyTorch can hold: a longer shape is damage, and would cost memory. */
    static final int MAX_DIMENSIONS = 64;

    private final Path file;
    private final Map<String, TensorEntry> entries = new HashMap<>();
    private boolean metadataSeen;
    private long dataStart;
    private long dataBytes;

    private SafetensorsReader(Path file) {
        this.file = file;
    }

    /**
     * Reads the header of a file.
     *
     * @param file a safetensors file
     * @return its tensors by name, all within the file
     * @throws CheckpointException if the file is absent, not regular, damaged or inconsistent
     */
    static Map<String, TensorEntry> read(Path file) {
        CheckpointFiles.requireRegular(file);
        SafetensorsReader reader = new SafetensorsReader(file);
        // Not a channel: an interrupted thread still opens its checkpoint
        try (InputStream stream = Files.newInputStream(file)) {
            long headerBytes = reader.readLengths(stream);
            StrictJson.readObject(file, stream, headerBytes, reader::readMember);
        } catch (IOException e) {
            throw new CheckpointException(file + ": cannot be read: " + e.getMessage(), e);
        }
        reader.requireCoverage();
        return reader.entries;
    }

    private long readLengths(InputStream stream) throws IOException {
        long fileBytes = Files.size(file);
        byte[] length = stream.readNBytes(LENGTH_BYTES);
        if (length.length < LENGTH_BYTES) {
            throw new CheckpointException(
                    file + ": has " + length.length + " bytes, expected a header length of 8");
        }
        long headerBytes = ByteBuffer.wrap(length).order(ByteOrder.LITTLE_ENDIAN).getLong();
        if (headerBytes < 0 || headerBytes > MAX_HEADER_BYTES) {
            throw new CheckpointException(
                    file
                            + ": header length "
                            + Long.toUnsignedString(headerBytes)
                            + ", expected at most "
                            + MAX_HEADER_BYTES
                            + "; is this a safetensors file?");
        }
        if (headerBytes > fileBytes - LENGTH_BYTES) {
            throw new CheckpointException(
                    file
                            + ": header length "
                            + headerBytes
                            + " reaches past the end of the file ("
                            + fileBytes
                            + " bytes); it was cut, fetch it again");
        }
        dataStart = LENGTH_BYTES + headerBytes;
        dataBytes = fileBytes - dataStart;
        return headerBytes;
    }

    private void readMember(String name, JsonReader json) throws IOException {
        if (name.equals(METADATA)) {
            if (metadataSeen) {
                throw new CheckpointException(file + ": " + METADATA + " comes twice");
            }
            metadataSeen = true;
            json.skipValue();
            return;
        }
        if (entries.put(name, readTensor(name, json)) != null) {
            throw damaged(name, "comes twice");
        }
    }

    private TensorEntry readTensor(String name, JsonReader json) throws IOException {
        String typeName = null;
        long[] shape = null;
        long[] offsets = null;
        json.beginObject();
        while (json.hasNext()) {
            String key = json.nextName();
            switch (key) {
                case "dtype" -> {
                    requireFirst(name, key, typeName);
                    if (json.peek() != JsonToken.STRING) {
                        throw damaged(name, "dtype is " + json.peek() + ", expected a name");
                    }
                    typeName = json.nextString();
                }
                case "shape" -> {
                    requireFirst(name, key, shape);
                    shape = readNumbers(name, key, json);
                }
                case "data_offsets" -> {
                    requireFirst(name, key, offsets);
                    offsets = readNumbers(name, key, json);
                }
                default -> json.skipValue(); // as upstream: a later version may add one
            }
        }
        json.endObject();
        if (typeName == null || shape == null || offsets == null) {
            throw damaged(name, "needs dtype, shape and data_offsets, one of them is missing");
        }
        return entry(name, typeName, shape, offsets);
    }

    private void requireFirst(String name, String key, Object before) {
        if (before != null) {
            throw damaged(name, key + " comes twice");
        }
    }

    private long[] readNumbers(String name, String key, JsonReader json) throws IOException {
        return StrictJson.wholeNumbers(key, json, MAX_DIMENSIONS, fault -> damaged(name, fault));
    }

    private TensorEntry entry(String name, String typeName, long[] shape, long[] offsets) {
        if (offsets.length != 2) {
            throw damaged(name, "data_offsets has " + offsets.length + " numbers, expected 2");
        }
        long begin = offsets[0];
        long end = offsets[1];
        if (begin > end || end > dataBytes) {
            throw damaged(
                    name,
                    "data_offsets "
                            + Arrays.toString(offsets)
                            + ", expected a range within the "
                            + dataBytes
                            + " bytes of data");
        }
        DType.find(typeName).ifPresent(type -> requireSize(name, type, shape, end - begin));
        return new TensorEntry(name, typeName, shape, file, dataStart + begin, end - begin);
    }

    private void requireSize(String name, DType type, long[] shape, long storedBytes) {
        long expected = type.sizeBytes();
        try {
            for (long dimension : shape) {
                expected = Math.multiplyExact(expected, dimension);
            }
        } catch (ArithmeticException e) {
            throw damaged(name, "shape " + Arrays.toString(shape) + " has more than 2^63 bytes");
        }
        if (expected != storedBytes) {
            throw damaged(
                    name,
                    "holds "
                            + storedBytes
                            + " bytes, expected "
                            + expected
                            + " for "
                            + type
                            + Arrays.toString(shape));
        }
    }

    /** As upstream: every byte of data belongs to exactly one tensor. */
    private void requireCoverage() {
        List<TensorEntry> inOrder = new ArrayList<>(entries.values());
        inOrder.sort(
                Comparator.comparingLong(TensorEntry::offset)
                        .thenComparingLong(TensorEntry::sizeBytes));
        long covered = dataStart;
        for (TensorEntry entry : inOrder) {
            if (entry.offset() != covered) {
                throw damaged(
                        entry.name(),
                        "starts at byte "
                                + (entry.offset() - dataStart)
                                + " of the data, "
                                + (entry.offset() < covered
                                        ? "overlapping"
                                        : "leaving a hole after")
                                + " the tensor before it, expected "
                                + (covered - dataStart));
            }
            covered += entry.sizeBytes();
        }
        if (covered != dataStart + dataBytes) {
            throw new CheckpointException(
                    file
                            + ": the tensors end at byte "
                            + (covered - dataStart)
                            + " of the data, the file has "
                            + dataBytes
                            + " bytes of it");
        }
    }

    private CheckpointException damaged(String name, String fault) {
        return new CheckpointException(file + ": tensor " + StrictJson.quote(name) + " " + fault);
    }
}
