/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonWriter;
import io.offloadstream.checkpoint.PackedFormat.Group;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStreamWriter;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which groups of a packed copy that is being made are on the disk, so that a conversion that was
 * killed goes on where it was. One line of JSON for what is made, then one for each group, written
 * when the group's bytes have been forced to the disk. A line counts when its end is there.
 */
final class PackedJournal implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(PackedJournal.class);

    private static final String FINGERPRINT = "fingerprint";
    private static final String GROUP = "group";

    private final Path file;
    private final FileChannel channel;
    private final Map<String, Group> groups;

    private PackedJournal(Path file, FileChannel channel, Map<String, Group> groups) {
        this.file = file;
        this.channel = channel;
        this.groups = groups;
    }

    /**
     * Opens the journal, beginning a new one if what it has is of something else.
     *
     * @param file the journal, there or not
     * @param fingerprint of what is made, with which options
     * @return the journal, for the caller to close
     * @throws IOException if it cannot be read or written
     */
    static PackedJournal open(Path file, String fingerprint) throws IOException {
        Map<String, Group> groups = new LinkedHashMap<>();
        long validBytes = Files.exists(file) ? read(file, fingerprint, groups) : 0;
        FileChannel channel =
                FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        PackedJournal journal = new PackedJournal(file, channel, groups);
        channel.truncate(validBytes);
        channel.position(validBytes);
        if (validBytes == 0) {
            journal.append(json -> json.name(FINGERPRINT).value(fingerprint));
        }
        return journal;
    }

    /** Returns how many bytes of whole lines there are, 0 if they are of something else. */
    private static long read(Path file, String fingerprint, Map<String, Group> groups)
            throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        int begin = 0;
        try {
            for (int end = 0; end < bytes.length; end++) {
                if (bytes[end] == '\n') {
                    readLine(file, bytes, begin, end, fingerprint, groups);
                    begin = end + 1;
                }
            }
            return begin;
        } catch (CheckpointException e) {
            LOG.warn("beginning anew: {}", e.getMessage());
            groups.clear();
            return 0;
        }
    }

    private static void readLine(
            Path file,
            byte[] bytes,
            int begin,
            int end,
            String fingerprint,
            Map<String, Group> groups) {
        StrictJson.readObject(
                file,
                new ByteArrayInputStream(bytes, begin, end - begin),
                end - begin,
                (name, json) -> {
                    if (name.equals(FINGERPRINT)) {
                        requireSame(file, json, fingerprint);
                    } else {
                        Group group = new PackedJson(file).readGroup(json);
                        groups.put(group.name(), group);
                    }
                });
    }

    private static void requireSame(Path file, JsonReader json, String expected)
            throws IOException {
        if (!json.nextString().equals(expected)) {
            throw new CheckpointException(
                    file
                            + " is of another source, of other options or of another version of the"
                            + " program than this conversion");
        }
    }

    /** Groups that are on the disk, by name. */
    Map<String, Group> groups() {
        return groups;
    }

    /**
     * Notes a group whose bytes have been forced to the disk.
     *
     * @param group the group
     * @throws IOException if the note cannot be forced to the disk
     */
    void add(Group group) throws IOException {
        append(
                json -> {
                    json.name(GROUP);
                    PackedJson.write(json, group);
                });
        groups.put(group.name(), group);
    }

    /** The members of a line. */
    @FunctionalInterface
    private interface Line {

        void write(JsonWriter json) throws IOException;
    }

    private void append(Line line) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonWriter json =
                new JsonWriter(new OutputStreamWriter(bytes, StandardCharsets.UTF_8))) {
            json.beginObject();
            line.write(json);
            json.endObject();
        }
        bytes.write('\n');
        new ChannelOutput(channel).write(bytes.toByteArray());
        channel.force(true);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    @Override
    public String toString() {
        return file.toString();
    }
}
