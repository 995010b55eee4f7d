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
     * Opens the safetensors files of a model directory: {@code model.safetensors.index.json} with
     * its shards, or {@code model.safetensors}, or the single {@code *.safetensors} file there.
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
