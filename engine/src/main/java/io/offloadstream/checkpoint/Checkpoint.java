/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A read-only map from tensor name to its place in a file, validated when opened, without reading
 * weights. Immutable, holds no open file.
 */
public final class Checkpoint {

    private final Path directory;
    private final Map<String, TensorEntry> tensors;

    /**
     * Constructs a checkpoint from validated entries.
     *
     * @param directory for messages
     * @param tensors entries by name
     */
    public Checkpoint(Path directory, Map<String, TensorEntry> tensors) {
        this.directory = directory;
        this.tensors = Collections.unmodifiableMap(new TreeMap<>(tensors));
    }

    /**
     * Opens the weight files of a model directory: {@code model.safetensors.index.json} with its
     * shards, or {@code model.safetensors}, or a packed copy ({@code metadata.json}), or the single
     * {@code *.safetensors} file there.
     *
     * @param directory a model directory, or one safetensors file
     * @return the checkpoint
     * @throws CheckpointException if anything in it is missing, damaged or inconsistent
     */
    public static Checkpoint open(Path directory) {
        Map<String, TensorEntry> tensors = CheckpointFiles.read(directory);
        if (Files.isDirectory(directory)) {
            return new Checkpoint(directory, tensors);
        }
        return new Checkpoint(directory.toAbsolutePath().getParent(), tensors);
    }

    /**
     * Tells whether a directory is a packed copy, as {@code offloadstream convert} makes it.
     *
     * @param directory a model directory
     * @return true if {@link #open} reads its {@code metadata.json}
     */
    public static boolean isPacked(Path directory) {
        return CheckpointFiles.isPacked(directory);
    }

    /**
     * Reads every byte of a packed copy and compares it with the checksums of its groups.
     *
     * @param directory a packed copy
     * @throws CheckpointException if a group is damaged, the message names it; or if this is no
     *     packed copy: safetensors files have no checksums
     */
    public static void verify(Path directory) {
        if (!isPacked(directory)) {
            throw new CheckpointException(
                    directory
                            + ": safetensors files have no checksums to verify; leave verify out,"
                            + " or make a packed copy with offloadstream convert");
        }
        PackedReader.read(directory).verify();
    }

    /**
     * Returns all entries.
     *
     * @return entries by name, sorted, unmodifiable
     */
    public Map<String, TensorEntry> tensors() {
        return tensors;
    }

    /**
     * Finds a tensor.
     *
     * @param name its name
     * @return its entry, if there is one
     */
    public Optional<TensorEntry> find(String name) {
        return Optional.ofNullable(tensors.get(name));
    }

    /**
     * Returns a tensor that must be there.
     *
     * @param name its name
     * @return its entry
     * @throws CheckpointException if there is none
     */
    public TensorEntry get(String name) {
        return find(name)
                .orElseThrow(
                        () -> new CheckpointException(directory + ": no tensor named " + name));
    }

    /**
     * Returns where the checkpoint lies.
     *
     * @return the directory
     */
    public Path directory() {
        return directory;
    }
}
