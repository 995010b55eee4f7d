/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import com.google.gson.stream.JsonReader;
import io.offloadstream.checkpoint.PackedFormat.Group;
import io.offloadstream.checkpoint.PackedFormat.Tensor;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/** Reads and validates the metadata of a packed model ({@link PackedFormat}). */
final class PackedReader {

    private static final int CHUNK_BYTES = 1 << 20;

    private final Path directory;
    private final Path file;
    private final PackedJson packed;
    private final List<Group> groups = new ArrayList<>();
    private final Set<String> seen = new HashSet<>();
    private String format;
    private Long version;

    private PackedReader(Path directory) {
        this.directory = directory;
        this.file = directory.resolve(PackedFormat.METADATA);
        this.packed = new PackedJson(file);
    }

    /**
     * Reads {@code metadata.json} and examines the files that it names. Of their bytes, only where
     * the escapes of packed rows begin is read.
     *
     * @param directory a packed model
     * @return what is in it
     * @throws CheckpointException if anything is missing, damaged or inconsistent
     */
    static PackedReader read(Path directory) {
        PackedReader reader = new PackedReader(directory);
        reader.readMetadata();
        reader.requireFormat();
        reader.requireNames();
        reader.requireFiles();
        reader.requireEscapes();
        return reader;
    }

    /**
     * Tells whether the metadata of a directory says that it is a packed model.
     *
     * @param directory with a file of that name
     * @return false if it says something else, or cannot be read
     */
    static boolean isOne(Path directory) {
        PackedReader reader = new PackedReader(directory);
        try {
            reader.readMetadata();
        } catch (CheckpointException e) {
            return PackedFormat.NAME.equals(reader.format); // damaged behind its format
        }
        return PackedFormat.NAME.equals(reader.format);
    }

    private void readMetadata() {
        CheckpointFiles.requireRegular(file);
        try (InputStream stream = Files.newInputStream(file)) {
            long sizeBytes = Files.size(file);
            if (sizeBytes > SafetensorsReader.MAX_HEADER_BYTES) {
                throw packed.damaged(
                        "has "
                                + sizeBytes
                                + " bytes, expected at most "
                                + SafetensorsReader.MAX_HEADER_BYTES);
            }
            StrictJson.readObject(file, stream, sizeBytes, this::readMember);
        } catch (IOException e) {
            throw new CheckpointException(file + ": cannot be read: " + e.getMessage(), e);
        }
    }

    private void readMember(String name, JsonReader json) throws IOException {
        packed.requireFirst(seen, name);
        switch (name) {
            case "format" -> format = packed.string("the model", name, json);
            case "version" -> version = StrictJson.wholeNumber(name, json, packed::damaged);
            case "groups" -> {
                json.beginArray();
                while (json.hasNext()) {
                    groups.add(packed.readGroup(json));
                }
                json.endArray();
            }
            default -> json.skipValue(); // what the copy was made from, and what may come
        }
    }

    private void requireFormat() {
        if (!PackedFormat.NAME.equals(format)) {
            throw new CheckpointException(
                    file
                            + ": format is "
                            + (format == null ? "missing" : StrictJson.quote(format))
                            + ", expected "
                            + PackedFormat.NAME
                            + "; is this a packed model?");
        }
        if (version == null || version != PackedFormat.VERSION) {
            throw new CheckpointException(
                    file
                            + ": version is "
                            + (version == null ? "missing" : version.toString())
                            + ", this program reads "
                            + PackedFormat.VERSION
                            + "; convert the model again, or use the program that wrote it");
        }
        if (groups.isEmpty()) {
            throw packed.damaged("has no groups");
        }
    }

    private void requireNames() {
        Set<String> groupNames = new HashSet<>();
        Set<String> tensorNames = new HashSet<>();
        for (Group group : groups) {
            if (!groupNames.add(group.name())) {
                throw packed.damaged("group " + StrictJson.quote(group.name()) + " comes twice");
            }
            for (Tensor tensor : group.tensors()) {
                if (!tensorNames.add(tensor.name())) {
                    throw packed.damaged(
                            "tensor " + StrictJson.quote(tensor.name()) + " comes twice");
                }
            }
        }
    }

    /** Every byte of a file belongs to exactly one group. */
    private void requireFiles() {
        Map<String, List<Group>> byFile = new TreeMap<>();
        for (Group group : groups) {
            byFile.computeIfAbsent(group.file(), name -> new ArrayList<>()).add(group);
        }
        byFile.forEach(
                (name, inFile) -> {
                    inFile.sort(Comparator.comparingLong(Group::offset));
                    long reached = 0;
                    for (Group group : inFile) {
                        if (group.offset() != reached) {
                            throw packed.damaged(
                                    "group "
                                            + StrictJson.quote(group.name())
                                            + " starts at byte "
                                            + group.offset()
                                            + " of "
                                            + name
                                            + ", expected "
                                            + reached
                                            + ", where the group before it ends");
                        }
                        reached = Math.addExact(reached, group.sizeBytes());
                    }
                    requireSize(directory.resolve(name), reached);
                });
    }

    /** What kernels follow without looking. */
    private void requireEscapes() {
        PackedEscapes escapes = new PackedEscapes(packed);
        groups.forEach(group -> escapes.require(group, directory.resolve(group.file())));
    }

    private static void requireSize(Path bin, long expected) {
        CheckpointFiles.requireRegular(bin);
        try {
            long sizeBytes = Files.size(bin);
            if (sizeBytes != expected) {
                throw new CheckpointException(
                        bin
                                + ": has "
                                + sizeBytes
                                + " bytes, "
                                + PackedFormat.METADATA
                                + " says "
                                + expected
                                + "; it was cut or replaced: copy it again, or convert the model"
                                + " again");
            }
        } catch (IOException e) {
            throw new CheckpointException(bin + ": cannot be examined: " + e.getMessage(), e);
        }
    }

    /**
     * Returns the tensors.
     *
     * @return entries by name
     */
    Map<String, TensorEntry> entries() {
        Map<String, TensorEntry> entries = new HashMap<>();
        for (Group group : groups) {
            Path bin = directory.resolve(group.file());
            for (Tensor tensor : group.tensors()) {
                entries.put(
                        tensor.name(),
                        new TensorEntry(
                                tensor.name(),
                                tensor.type(),
                                tensor.dimensions(),
                                bin,
                                tensor.offset(),
                                tensor.sizeBytes()));
            }
        }
        return entries;
    }

    /**
     * Reads every byte and compares checksums.
     *
     * @throws CheckpointException if a group is damaged
     */
    void verify() {
        byte[] chunk = new byte[CHUNK_BYTES];
        for (Group group : groups) {
            Path bin = directory.resolve(group.file());
            int actual = checksum(bin, group, chunk);
            if (actual != group.crc32c()) {
                throw new CheckpointException(
                        bin
                                + ": group "
                                + group.name()
                                + " has CRC-32C "
                                + HexFormat.of().toHexDigits(actual)
                                + ", "
                                + PackedFormat.METADATA
                                + " says "
                                + HexFormat.of().toHexDigits(group.crc32c())
                                + "; its bytes were damaged: copy the file again, or convert the"
                                + " model again");
            }
        }
    }

    private static int checksum(Path bin, Group group, byte[] chunk) {
        CRC32C crc = new CRC32C();
        long left = group.sizeBytes();
        try (InputStream stream = Files.newInputStream(bin)) {
            stream.skipNBytes(group.offset());
            while (left > 0) {
                int count = stream.read(chunk, 0, (int) Math.min(left, chunk.length));
                if (count < 0) {
                    throw new CheckpointException(bin + ": was cut while it was verified");
                }
                crc.update(chunk, 0, count);
                left -= count;
            }
        } catch (IOException e) {
            throw new CheckpointException(bin + ": cannot be read: " + e.getMessage(), e);
        }
        return (int) crc.getValue();
    }
}
