/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.checkpoint.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The files of a model directory beside its weights that a copy needs too. */
final class ModelFiles {

    /** Tokenizers have some megabytes. */
    private static final long LARGEST_BYTES = 256L << 20;

    private static final Logger LOG = LoggerFactory.getLogger(ModelFiles.class);

    private static final List<String> ENDINGS = List.of(".json", ".jinja", ".txt", ".model", ".md");
    private static final List<String> LICENSES = List.of("license", "notice", "use_policy");

    private ModelFiles() {}

    /**
     * Lists configuration, tokenizer, chat template and licence files.
     *
     * @param directory a model directory
     * @return regular files directly in it, by name
     * @throws CheckpointException if it cannot be listed
     */
    static List<Path> of(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(ModelFiles::isWanted).sorted().toList();
        } catch (IOException | java.io.UncheckedIOException e) {
            throw new CheckpointException(directory + ": cannot be listed: " + e.getMessage(), e);
        }
    }

    private static boolean isWanted(Path file) {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        boolean weights = name.endsWith(".index.json") || name.equals("metadata.json");
        boolean known =
                ENDINGS.stream().anyMatch(name::endsWith)
                        || LICENSES.stream().anyMatch(name::startsWith);
        try {
            if (!known || weights || !Files.isRegularFile(file)) {
                return false;
            }
            long sizeBytes = Files.size(file);
            if (sizeBytes > LARGEST_BYTES) {
                LOG.warn(
                        "{} is not copied: it has {} bytes, of configuration and tokenizer files at"
                                + " most {} are; copy it by hand if the model needs it",
                        file,
                        sizeBytes,
                        LARGEST_BYTES);
            }
            return sizeBytes <= LARGEST_BYTES;
        } catch (IOException e) {
            throw new CheckpointException(file + ": cannot be examined: " + e.getMessage(), e);
        }
    }
}
