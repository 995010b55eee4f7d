/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.checkpoint.CheckpointException;
import io.offloadstream.checkpoint.PackedGroupWriter;
import io.offloadstream.checkpoint.PackedWriter;
import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.model.PackedGroups.Group;
import io.offloadstream.model.PackedGroups.Item;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.FileStamp;
import io.offloadstream.platform.MemorySize;
import io.offloadstream.platform.WorkerPool;
import io.offloadstream.quant.SourceFiles;
import io.offloadstream.quant.TensorEncoder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Makes a packed copy of a model: the weights in the order in which they stream, one extent per
 * group, possibly in a shorter type, and the files that the model needs beside them. Memory stays
 * at some megabytes.
 *
 * <p>The copy appears complete or not at all. What a conversion that was killed had written is
 * taken over by the next one of the same source and options.
 */
public final class Conversion {

    /** Slack for what is not counted: metadata, directories. */
    private static final long SPARE_BYTES = 4L << 20;

    private final Path source;
    private final ConversionOptions options;
    private final ConversionProgress progress;
    private final Checkpoint checkpoint;
    private final List<Group> groups;
    private final List<Path> beside;
    private final Map<Path, FileStamp> stamps = new TreeMap<>();
    private final EncoderChoice encoders;
    private long doneBytes;
    private long totalBytes;

    private Conversion(
            Path source,
            ConversionOptions options,
            ConversionProgress progress,
            WorkerPool pool,
            SourceFiles files)
            throws IOException {
        this.source = source;
        this.options = options;
        this.progress = progress;
        ModelConfig config = ModelConfig.read(source);
        checkpoint = Checkpoint.open(source);
        groups = PackedGroups.of(Architectures.find(config).create(config), checkpoint);
        beside = ModelFiles.of(source);
        encoders = new EncoderChoice(options, pool, files);
        for (Group group : groups) {
            for (Item item : group.items()) {
                Path file = item.entry().file();
                stamps.put(file, FileStamp.of(file));
            }
        }
        for (Path file : beside) {
            stamps.put(file, FileStamp.of(file));
        }
    }

    /**
     * Converts a model.
     *
     * @param source a model directory
     * @param target a directory that does not exist; its parent is made if need be
     * @param options how to store matrices
     * @param progress is told how far it has come; what it throws ends the conversion
     * @return what was done
     * @throws CheckpointException if the source is damaged (the checksums of one that is packed are
     *     compared first), of an unknown architecture, changed meanwhile or not convertible so; if
     *     the target exists or its disk is too small
     * @throws IOException if reading or writing fails; what is written stays for the next attempt
     */
    public static ConversionReport run(
            Path source, Path target, ConversionOptions options, ConversionProgress progress)
            throws IOException {
        try (WorkerPool pool = new WorkerPool(options.threads());
                SourceFiles files = new SourceFiles()) {
            return new Conversion(source, options, progress, pool, files).write(target);
        }
    }

    private ConversionReport write(Path target) throws IOException {
        try (PackedWriter writer = PackedWriter.open(target, fingerprint())) {
            requireSpace(target, writer);
            try {
                requireUndamaged();
                writeGroups(writer);
                requireUnchanged();
            } catch (CheckpointException e) {
                discard(writer, e); // the next attempt would end so too
                throw e;
            }
            return report(writer.finish(description()), writer.resumedGroups());
        }
    }

    private static void discard(PackedWriter writer, CheckpointException cause) {
        try {
            writer.discard();
        } catch (IOException e) {
            cause.addSuppressed(e);
        }
    }

    /** A copy gets checksums of its own: damage that is taken over would never be found. */
    private void requireUndamaged() {
        if (Checkpoint.isPacked(source)) {
            Checkpoint.verify(source);
        }
    }

    private void writeGroups(PackedWriter writer) throws IOException {
        for (Path file : beside) {
            writer.copy(file);
        }
        for (Group group : groups) {
            long begun = doneBytes;
            writer.group(group.name(), group.file(), packed -> write(group, packed));
            doneBytes = begun + mostBytes(group);
            progress.advanced(doneBytes, totalBytes);
        }
    }

    private ConversionReport report(long storedBytes, int resumedGroups) {
        List<Item> items = groups.stream().flatMap(group -> group.items().stream()).toList();
        List<TensorEntry> stored = items.stream().flatMap(i -> i.stored().stream()).toList();
        return new ConversionReport(
                groups.size(),
                resumedGroups,
                stored.stream().mapToLong(TensorEntry::sizeBytes).sum(),
                storedBytes,
                items.stream().filter(encoders::isKept).map(i -> i.entry().name()).toList(),
                checkpoint.tensors().size() - stored.size());
    }

    private void write(Group group, PackedGroupWriter packed) throws IOException {
        for (Item item : group.items()) {
            String name = item.entry().name();
            encoders.encode(
                    item,
                    (suffix, type, shape) ->
                            new CountedOutput(
                                    packed.tensor(name + suffix, type, shape), this::stored));
        }
    }

    private void stored(long bytes) {
        doneBytes += bytes;
        progress.advanced(doneBytes, totalBytes);
    }

    private long mostBytes(Group group) {
        return group.items().stream().mapToLong(encoders::mostBytes).sum();
    }

    /** What is not on the disk yet must fit. */
    private void requireSpace(Path target, PackedWriter writer) throws IOException {
        long neededBytes = SPARE_BYTES;
        for (Group group : groups) {
            long most = mostBytes(group);
            totalBytes += most;
            neededBytes += writer.isWritten(group.name()) ? 0 : most;
        }
        for (Path file : beside) {
            neededBytes += Files.size(file);
        }
        requireSpace(target, neededBytes, writer.usableBytes());
    }

    static void requireSpace(Path target, long neededBytes, long usableBytes) {
        if (neededBytes > usableBytes) {
            throw new CheckpointException(
                    target
                            + ": the copy takes "
                            + MemorySize.format(neededBytes)
                            + " more, the disk has "
                            + MemorySize.format(usableBytes)
                            + " free; free some space or name a directory on another disk");
        }
    }

    private void requireUnchanged() throws IOException {
        for (Map.Entry<Path, FileStamp> entry : stamps.entrySet()) {
            if (!FileStamp.of(entry.getKey()).equals(entry.getValue())) {
                throw new CheckpointException(
                        entry.getKey()
                                + " was changed while it was converted; convert the model again");
            }
        }
    }

    /** What the copy is made of, how and by what: another one must not go on with its groups. */
    private String fingerprint() {
        StringBuilder text = new StringBuilder();
        text.append(options.type()).append(' ').append(options.quantization()).append(' ');
        text.append(options.packing()).append('\n');
        stamps.forEach((file, stamp) -> text.append(file.getFileName()).append(stamp).append('\n'));
        for (Group group : groups) {
            for (Item item : group.items()) {
                text.append(group.file()).append(' ').append(item.entry()).append(' ');
                text.append(item.use()).append(item.entry().offset()).append('\n');
            }
        }
        try {
            byte[] bytes = text.toString().getBytes(StandardCharsets.UTF_8);
            return "encoders "
                    + TensorEncoder.VERSION
                    + ", "
                    + HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e); // every JDK has it
        }
    }

    private Map<String, String> description() {
        Map<String, String> description = new LinkedHashMap<>();
        Path name = source.toAbsolutePath().normalize().getFileName();
        description.put("source", name == null ? "" : name.toString());
        DType type = options.type();
        description.put("dtype", type == null ? "as stored" : type.name());
        description.put("quantization", options.quantization().name().toLowerCase(Locale.ROOT));
        description.put("packing", options.packing().name().toLowerCase(Locale.ROOT));
        return description;
    }
}
