/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import com.google.gson.stream.JsonWriter;
import io.offloadstream.checkpoint.PackedFormat.Group;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes a packed copy ({@link PackedFormat}), which appears complete or not at all: its files are
 * written in {@code .NAME.partial/packed} beside the target and forced to the disk, the metadata
 * last, and that directory is then renamed. What was begun and not finished stays there, with a
 * journal, and the next writer with the same fingerprint goes on with it. Used by one thread.
 */
public final class PackedWriter implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(PackedWriter.class);

    /** Writes the tensors of a group. */
    @FunctionalInterface
    public interface Contents {

        /**
         * Writes all tensors, in the order in which they will lie.
         *
         * @param group takes them
         * @throws IOException from the target, or if the bytes cannot be had
         */
        void writeTo(PackedGroupWriter group) throws IOException;
    }

    private final Path target;
    private final Path partial;
    private final Path files;
    private final TargetLock lock;
    private final PackedJournal journal;
    private final List<Group> groups = new ArrayList<>();
    private int resumed;
    private boolean closed;

    private PackedWriter(Path target, Path partial, TargetLock lock, PackedJournal journal) {
        this.target = target;
        this.partial = partial;
        this.files = partial.resolve("packed");
        this.lock = lock;
        this.journal = journal;
    }

    /**
     * Begins a packed copy, or goes on with one.
     *
     * @param directory the target, which does not exist
     * @param fingerprint of source, options and encoders: what was begun with another one, or in
     *     another version of the format, is dropped
     * @return the writer, for the caller to close
     * @throws CheckpointException if the target exists, or another process is making it
     * @throws IOException if nothing can be written there
     */
    public static PackedWriter open(Path directory, String fingerprint) throws IOException {
        Path target = directory.toAbsolutePath().normalize();
        requireAbsent(target);
        Path partial = partial(target);
        Files.createDirectories(partial.resolve("packed"));
        TargetLock lock = TargetLock.take(target, partial);
        PackedJournal journal;
        try {
            String made = "format " + PackedFormat.VERSION + ", " + fingerprint;
            journal = PackedJournal.open(partial.resolve("journal"), made);
        } catch (IOException | RuntimeException e) {
            lock.close();
            throw e;
        }
        PackedWriter writer = new PackedWriter(target, partial, lock, journal);
        boolean opened = false;
        try {
            requireAbsent(target); // whoever had the lock may have made it
            writer.dropForeignFiles();
            writer.resumed = journal.groups().size();
            opened = true;
            return writer;
        } finally {
            if (!opened) {
                writer.close();
            }
        }
    }

    private static void requireAbsent(Path target) {
        if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            throw new CheckpointException(
                    target + " exists already; remove it or name another directory");
        }
    }

    /** Where a copy is made. */
    static Path partial(Path target) {
        return target.resolveSibling("." + target.getFileName() + ".partial");
    }

    /** Removes what the journal does not vouch for. */
    private void dropForeignFiles() throws IOException {
        List<Path> foreign = new ArrayList<>();
        try (DirectoryStream<Path> listed = Files.newDirectoryStream(files)) {
            listed.forEach(foreign::add);
        }
        List<String> gone = new ArrayList<>();
        for (Group group : journal.groups().values()) {
            Path file = files.resolve(group.file());
            if (Files.isRegularFile(file) && Files.size(file) == group.sizeBytes()) {
                foreign.remove(file);
            } else {
                gone.add(group.name());
            }
        }
        gone.forEach(journal.groups()::remove);
        for (Path file : foreign) {
            Files.delete(file);
        }
    }

    /**
     * Tells whether a group is on the disk from an earlier attempt.
     *
     * @param group its name
     * @return true if {@link #group} will not ask for its contents
     */
    public boolean isWritten(String group) {
        return journal.groups().containsKey(group);
    }

    /**
     * Returns how many groups an earlier attempt had written.
     *
     * @return groups that {@link #isWritten} when the writer was opened
     */
    public int resumedGroups() {
        return resumed;
    }

    /**
     * Returns how many bytes can be written to the target's disk.
     *
     * @return bytes
     * @throws IOException if it cannot be told
     */
    public long usableBytes() throws IOException {
        return Files.getFileStore(files).getUsableSpace();
    }

    /**
     * Adds the next group, in a file of its own. Only if an earlier attempt had not written it, its
     * contents are asked for and forced to the disk.
     *
     * @param name its name, not used before
     * @param file the plain name of its file, not used before
     * @param contents writes its tensors
     * @throws IOException if writing fails; the groups before stay for the next attempt
     */
    public void group(String name, String file, Contents contents) throws IOException {
        Group group = journal.groups().get(name);
        if (group == null || !group.file().equals(file)) {
            try (PackedGroupWriter writer = new PackedGroupWriter(name, files.resolve(file))) {
                contents.writeTo(writer);
                group = writer.finish();
            }
            journal.add(group);
        }
        groups.add(group);
    }

    /**
     * Copies a file as it is.
     *
     * @param file any regular file; its name is kept
     * @throws IOException if it cannot be copied
     */
    public void copy(Path file) throws IOException {
        Path copy = files.resolve(file.getFileName().toString());
        try (InputStream source = Files.newInputStream(file)) {
            write(copy, source::transferTo);
        }
    }

    /**
     * Writes the metadata and renames the directory: from here on the copy is there.
     *
     * @param description what it was made from and how, by name
     * @return size of all groups in bytes
     * @throws IOException if it fails; the groups stay for the next attempt
     */
    public long finish(Map<String, String> description) throws IOException {
        write(files.resolve(PackedFormat.METADATA), out -> writeMetadata(description, out));
        forceDirectory(files);
        Files.move(files, target, StandardCopyOption.ATOMIC_MOVE);
        forceDirectory(target.getParent());
        try {
            removePartial();
        } catch (IOException e) {
            LOG.warn("{} is whole; {} cannot be removed: {}", target, partial, e.toString());
        }
        return groups.stream().mapToLong(Group::sizeBytes).sum();
    }

    /**
     * Removes what was written: nothing is left for a next attempt.
     *
     * @throws IOException if it cannot be removed
     */
    public void discard() throws IOException {
        journal.groups().clear();
        close();
    }

    /** Removes what is beside the files and lets go: the lock's file goes while it is locked. */
    private void removePartial() throws IOException {
        closed = true;
        try (lock;
                journal) {
            journal.close(); // Windows removes no open file
            Files.deleteIfExists(partial.resolve("journal"));
            lock.remove();
        }
        Files.deleteIfExists(partial);
    }

    private void writeMetadata(Map<String, String> description, OutputStream target)
            throws IOException {
        JsonWriter json = new JsonWriter(new OutputStreamWriter(target, StandardCharsets.UTF_8));
        json.setIndent(" ");
        json.beginObject();
        json.name("format").value(PackedFormat.NAME);
        json.name("version").value(PackedFormat.VERSION);
        for (Map.Entry<String, String> entry : description.entrySet()) {
            json.name(entry.getKey()).value(entry.getValue());
        }
        json.name("groups").beginArray();
        for (Group group : groups) {
            PackedJson.write(json, group);
        }
        json.endArray().endObject();
        json.flush();
    }

    /** Supplies the bytes of a small file. */
    @FunctionalInterface
    private interface Bytes {

        void writeTo(OutputStream target) throws IOException;
    }

    private static void write(Path file, Bytes bytes) throws IOException {
        try (FileChannel channel =
                FileChannel.open(
                        file,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.TRUNCATE_EXISTING)) {
            OutputStream target = new BufferedOutputStream(new ChannelOutput(channel));
            bytes.writeTo(target);
            target.flush();
            channel.force(true);
        }
    }

    /** A name is on the disk when its directory is. */
    private static void forceDirectory(Path directory) throws IOException {
        if (!directory.getFileSystem().supportedFileAttributeViews().contains("posix")) {
            return; // Windows opens no directories, and keeps names in its journal
        }
        try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
        }
    }

    /**
     * Lets go. Groups that are whole stay for the next attempt; where there is none, nothing does.
     */
    @Override
    public void close() throws IOException {
        if (closed) {
            return;
        }
        closed = true;
        try (lock;
                journal) {
            if (journal.groups().isEmpty()) {
                dropForeignFiles();
                Files.delete(files);
                removePartial();
            }
        }
    }
}
