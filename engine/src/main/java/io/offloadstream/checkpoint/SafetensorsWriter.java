/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import com.google.gson.stream.JsonWriter;
import io.offloadstream.platform.DType;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;

/**
 * Writes safetensors checkpoints: first the tensors are named, then their bytes are asked for in
 * that order, so a checkpoint of any size takes no memory. The format is in {@link
 * SafetensorsReader}.
 *
 * <p>Files appear complete or not at all: each is written under a hidden name, forced to the disk
 * and renamed. Tensors lie in the order they were added, without padding; to keep each aligned to
 * its elements, add wider dtypes first. Not thread-safe.
 */
public final class SafetensorsWriter {

    /** Supplies the bytes of tensors. */
    @FunctionalInterface
    public interface Data {

        /**
         * Writes all bytes of one tensor, little-endian and row-major.
         *
         * @param tensor which one, as it will lie in its file; {@link TensorEntry#sizeBytes()}
         *     bytes are expected
         * @param target takes the bytes; must not be kept
         * @throws IOException from the target, or if the bytes cannot be had
         */
        void write(TensorEntry tensor, OutputStream target) throws IOException;
    }

    private final Map<String, Declared> declared = new LinkedHashMap<>();
    private long totalBytes;

    private record Declared(String name, DType type, List<Long> shape, long sizeBytes) {}

    /**
     * Adds a tensor.
     *
     * @param name its name, not used before
     * @param type its dtype
     * @param shape dimensions, outermost first; none for a scalar
     * @return this
     * @throws IllegalArgumentException if the name is taken or the shape impossible
     */
    public SafetensorsWriter add(String name, DType type, long... shape) {
        if (shape.length > SafetensorsReader.MAX_DIMENSIONS) {
            throw new IllegalArgumentException(
                    name + ": " + shape.length + " dimensions, at most 64 can be read");
        }
        long sizeBytes = type.sizeBytes();
        try {
            for (long dimension : shape) {
                if (dimension < 0) {
                    throw new IllegalArgumentException(name + ": shape " + Arrays.toString(shape));
                }
                sizeBytes = Math.multiplyExact(sizeBytes, dimension);
            }
            totalBytes = Math.addExact(totalBytes, sizeBytes);
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException(
                    name + ": shape " + Arrays.toString(shape) + " makes more than 2^63 bytes", e);
        }
        Declared tensor =
                new Declared(name, type, Arrays.stream(shape).boxed().toList(), sizeBytes);
        if (name.equals(SafetensorsReader.METADATA) || declared.putIfAbsent(name, tensor) != null) {
            throw new IllegalArgumentException("tensor name " + name + " is taken");
        }
        return this;
    }

    /**
     * Writes all tensors into one file, replacing one that is there.
     *
     * @param file the file; its directory exists
     * @param data asked for each tensor once, in the order they were added
     * @throws IOException if writing fails; no part of the file stays then
     * @throws IllegalArgumentException if the data of a tensor has not exactly its size
     */
    public void write(Path file, Data data) throws IOException {
        writeFile(file, declared.values(), data);
    }

    /**
     * Writes all tensors into numbered shards with an index, or into {@code model.safetensors} if
     * one file holds them.
     *
     * @param directory an existing directory
     * @param shardBytes how much data a file holds at most, unless a single tensor is larger
     * @param data asked for each tensor once, in the order they were added
     * @throws IOException if writing fails; the index comes last, so no checkpoint is there then
     * @throws IllegalArgumentException if the data of a tensor has not exactly its size
     */
    public void writeShards(Path directory, long shardBytes, Data data) throws IOException {
        List<List<Declared>> shards = shards(shardBytes);
        if (shards.size() == 1) {
            write(directory.resolve(CheckpointFiles.SINGLE), data);
            return;
        }
        Map<String, String> fileByTensor = new LinkedHashMap<>();
        for (int i = 0; i < shards.size(); i++) {
            String name =
                    String.format(
                            Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, shards.size());
            writeFile(directory.resolve(name), shards.get(i), data);
            for (Declared tensor : shards.get(i)) {
                fileByTensor.put(tensor.name(), name);
            }
        }
        byte[] index = index(fileByTensor);
        replace(directory.resolve(CheckpointFiles.INDEX), target -> target.write(index));
    }

    private List<List<Declared>> shards(long shardBytes) {
        List<List<Declared>> shards = new ArrayList<>();
        List<Declared> shard = new ArrayList<>();
        long used = 0;
        for (Declared tensor : declared.values()) {
            if (!shard.isEmpty() && tensor.sizeBytes() > shardBytes - used) {
                shards.add(shard);
                shard = new ArrayList<>();
                used = 0;
            }
            shard.add(tensor);
            used += tensor.sizeBytes();
        }
        shards.add(shard);
        return shards;
    }

    private static void writeFile(Path file, Collection<Declared> tensors, Data data)
            throws IOException {
        byte[] header = header(tensors);
        replace(
                file,
                target -> {
                    target.write(header);
                    long offset = header.length;
                    for (Declared tensor : tensors) {
                        writeTensor(file, tensor, offset, data, target);
                        offset += tensor.sizeBytes();
                    }
                });
    }

    private static void writeTensor(
            Path file, Declared tensor, long offset, Data data, OutputStream target)
            throws IOException {
        TensorEntry entry =
                new TensorEntry(
                        tensor.name(),
                        tensor.type().name(),
                        tensor.shape().stream().mapToLong(Long::longValue).toArray(),
                        file,
                        offset,
                        tensor.sizeBytes());
        ExactOutput exactly = new ExactOutput(entry.toString(), entry.sizeBytes(), target);
        data.write(entry, exactly);
        exactly.requireComplete();
    }

    /** The length and the JSON, padded with spaces so that the data starts at a multiple of 8. */
    private static byte[] header(Collection<Declared> tensors) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        bytes.writeBytes(new byte[SafetensorsReader.LENGTH_BYTES]);
        try (JsonWriter json = json(bytes)) {
            json.beginObject();
            // transformers refuses a file that does not say whose layout it has
            json.name(SafetensorsReader.METADATA).beginObject();
            json.name("format").value("pt").endObject();
            long begin = 0;
            for (Declared tensor : tensors) {
                json.name(tensor.name()).beginObject();
                json.name("dtype").value(tensor.type().name());
                json.name("shape").beginArray();
                for (long dimension : tensor.shape()) {
                    json.value(dimension);
                }
                json.endArray();
                json.name("data_offsets").beginArray();
                json.value(begin).value(begin + tensor.sizeBytes()).endArray();
                json.endObject();
                begin += tensor.sizeBytes();
            }
            json.endObject();
        }
        while (bytes.size() % 8 != 0) {
            bytes.write(' ');
        }
        byte[] header = bytes.toByteArray();
        ByteBuffer.wrap(header)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(0, header.length - SafetensorsReader.LENGTH_BYTES);
        return header;
    }

    private byte[] index(Map<String, String> fileByTensor) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonWriter json = json(bytes)) {
            json.setIndent("  ");
            json.beginObject().name("metadata").beginObject();
            json.name("total_size").value(totalBytes).endObject();
            json.name("weight_map").beginObject();
            for (Map.Entry<String, String> entry : fileByTensor.entrySet()) {
                json.name(entry.getKey()).value(entry.getValue());
            }
            json.endObject().endObject();
        }
        return bytes.toByteArray();
    }

    private static JsonWriter json(OutputStream target) {
        Writer writer = new OutputStreamWriter(target, StandardCharsets.UTF_8);
        return new JsonWriter(writer);
    }

    /** Writes the contents of a file. */
    @FunctionalInterface
    private interface Contents {

        void writeTo(OutputStream target) throws IOException;
    }

    private static void replace(Path file, Contents contents) throws IOException {
        Path partial =
                file.resolveSibling("." + file.getFileName() + "." + UUID.randomUUID() + ".part");
        try {
            try (FileChannel channel =
                    FileChannel.open(
                            partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
                contents.writeTo(new ChannelOutput(channel));
                channel.force(true);
            }
            Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE);
        } finally {
            Files.deleteIfExists(partial);
        }
    }
}
