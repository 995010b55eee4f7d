/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Finds the files of a checkpoint and joins their tensors.
 *
 * <p>A directory with neither {@code model.safetensors.index.json} nor {@code model.safetensors}
 * but with {@code metadata.json} is a packed model ({@link PackedFormat}).
 *
 * <p>{@code model.safetensors.index.json} holds {@code "weight_map": {TENSOR: FILE}}, each FILE a
 * plain name in the same directory; its other members are ignored. Every tensor of the map must be
 * in the file that the map names. Tensors of a shard that the map does not list belong to the
 * checkpoint all the same, as in transformers, which takes names from the shards; a name in two
 * shards is an error, for there no answer is right. Files that the map does not name are not read.
 */
final class CheckpointFiles {

    static final String INDEX = "model.safetensors.index.json";
    static final String SINGLE = "model.safetensors";
    private static final String SUFFIX = ".safetensors";

    private CheckpointFiles() {}

    /**
     * Reads all headers of a checkpoint.
     *
     * @param path a model directory, or one safetensors file
     * @return its tensors by name
     * @throws CheckpointException if anything is missing, damaged or inconsistent
     */
    static Map<String, TensorEntry> read(Path path) {
        if (!Files.isDirectory(path)) {
            return SafetensorsReader.read(path);
        }
        Path index = path.resolve(INDEX);
        if (isThere(index)) {
            return readShards(path, index);
        }
        Path single = path.resolve(SINGLE);
        if (isThere(single)) {
            return SafetensorsReader.read(single);
        }
        if (isPacked(path)) {
            return PackedReader.read(path).entries();
        }
        return SafetensorsReader.read(onlyFile(path));
    }

    /**
     * Tells whether a directory is taken for a packed model. Where there are safetensors of other
     * names too, metadata.json must say so: it may be of something else.
     */
    static boolean isPacked(Path directory) {
        return Files.isDirectory(directory)
                && isThere(directory.resolve(PackedFormat.METADATA))
                && !isThere(directory.resolve(INDEX))
                && !isThere(directory.resolve(SINGLE))
                && (safetensors(directory).isEmpty() || PackedReader.isOne(directory));
    }

    /** A dangling link is there: to pass it over would hide that the download is incomplete. */
    private static boolean isThere(Path path) {
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS);
    }

    private static List<Path> safetensors(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().endsWith(SUFFIX))
                    .sorted()
                    .toList();
        } catch (IOException | java.io.UncheckedIOException e) {
            throw new CheckpointException(directory + ": cannot be listed: " + e.getMessage(), e);
        }
    }

    private static Path onlyFile(Path directory) {
        List<Path> candidates = safetensors(directory);
        if (candidates.size() != 1) {
            throw new CheckpointException(
                    directory
                            + ": no "
                            + INDEX
                            + ", no "
                            + SINGLE
                            + ", no "
                            + PackedFormat.METADATA
                            + ", and "
                            + candidates.size()
                            + " *"
                            + SUFFIX
                            + " files, expected one of these");
        }
        return candidates.get(0);
    }

    private static Map<String, TensorEntry> readShards(Path directory, Path index) {
        Map<String, String> fileByTensor = readIndex(index);
        Map<String, TensorEntry> all = new HashMap<>();
        for (String name : new TreeSet<>(fileByTensor.values())) {
            Path shard = directory.resolve(name);
            SafetensorsReader.read(shard)
                    .forEach(
                            (tensor, entry) -> {
                                TensorEntry other = all.put(tensor, entry);
                                if (other != null) {
                                    throw new CheckpointException(
                                            shard
                                                    + ": tensor "
                                                    + StrictJson.quote(tensor)
                                                    + " is also in "
                                                    + other.file());
                                }
                            });
        }
        fileByTensor.forEach(
                (tensor, name) -> {
                    TensorEntry entry = all.get(tensor);
                    if (entry == null || !entry.file().equals(directory.resolve(name))) {
                        throw new CheckpointException(
                                index
                                        + ": tensor "
                                        + StrictJson.quote(tensor)
                                        + " should be in "
                                        + name
                                        + ", it is "
                                        + (entry == null ? "in no shard" : "in " + entry.file()));
                    }
                });
        return all;
    }

    private static Map<String, String> readIndex(Path index) {
        requireRegular(index);
        Map<String, Map<String, String>> maps = new HashMap<>();
        try (InputStream stream = Files.newInputStream(index)) {
            long sizeBytes = Files.size(index);
            if (sizeBytes > SafetensorsReader.MAX_HEADER_BYTES) {
                throw new CheckpointException(
                        index
                                + ": has "
                                + sizeBytes
                                + " bytes, expected at most "
                                + SafetensorsReader.MAX_HEADER_BYTES);
            }
            StrictJson.readObject(
                    index,
                    stream,
                    sizeBytes,
                    (name, json) -> {
                        if (!name.equals("weight_map")) {
                            json.skipValue();
                        } else if (maps.put(name, readWeightMap(index, json)) != null) {
                            throw new CheckpointException(index + ": weight_map comes twice");
                        }
                    });
        } catch (IOException e) {
            throw new CheckpointException(index + ": cannot be read: " + e.getMessage(), e);
        }
        if (maps.isEmpty()) {
            throw new CheckpointException(index + ": has no weight_map");
        }
        return maps.get("weight_map");
    }

    private static Map<String, String> readWeightMap(Path index, JsonReader json)
            throws IOException {
        Map<String, String> fileByTensor = new HashMap<>();
        json.beginObject();
        while (json.hasNext()) {
            String tensor = json.nextName();
            if (json.peek() != JsonToken.STRING) {
                throw new CheckpointException(
                        index
                                + ": tensor "
                                + StrictJson.quote(tensor)
                                + " has "
                                + json.peek()
                                + ", expected a file name");
            }
            String name = json.nextString();
            if (!isPlainName(name)) {
                throw new CheckpointException(
                        index
                                + ": tensor "
                                + StrictJson.quote(tensor)
                                + " is in "
                                + StrictJson.quote(name)
                                + ", expected the plain name of a file beside the index");
            }
            if (fileByTensor.put(tensor, name) != null) {
                throw new CheckpointException(
                        index + ": tensor " + StrictJson.quote(tensor) + " comes twice");
            }
        }
        json.endObject();
        return fileByTensor;
    }

    /** An index must not lead out of its directory, on any system that it may be read on. */
    static boolean isPlainName(String name) {
        if (name.isEmpty()
                || name.equals(".")
                || name.equals("..")
                || name.indexOf('/') >= 0
                || name.indexOf('\\') >= 0) {
            return false;
        }
        try {
            Path path = Path.of(name);
            return !path.isAbsolute() && path.getRoot() == null && path.getNameCount() == 1;
        } catch (InvalidPathException e) {
            return false;
        }
    }

    /**
     * Checks that a path, links followed, is a regular file. It is opened only then: opening a fifo
     * would hang, and a device has no end.
     *
     * @param file any path
     * @throws CheckpointException if it is absent, a dangling link or anything but a regular file
     */
    static void requireRegular(Path file) {
        if (Files.isRegularFile(file)) {
            return;
        }
        String fault = "is not a regular file";
        if (!Files.exists(file)) {
            fault = isThere(file) ? "is a link to nothing" : "is missing";
        }
        throw new CheckpointException(
                file + ": " + fault + ", expected a regular file or a link to one");
    }
}
