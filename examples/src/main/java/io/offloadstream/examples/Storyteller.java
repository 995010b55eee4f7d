/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The model inside the jar: a Llama of 1.6 million parameters that tells short stories about
 * animals (3 MB, Apache-2.0). Small, but streamed like a large one when its budget is smaller.
 */
final class Storyteller {

    /** What it was trained to be asked. */
    static final String PROMPT = "Tell me a story about a brave fox and a silver key.";

    /**
     * A budget that holds some of the eight blocks (of 0.37 MB each) and streams the others: the
     * least that works for a story is measured by a test, so that this stays true.
     */
    static final String HOST_MEMORY = "4MB";

    /** Tokens of the longest story with its prompt, reserved for the KV cache. */
    static final String MAX_SEQUENCE_LENGTH = "320";

    private static final List<String> FILES =
            List.of(
                    "config.json",
                    "generation_config.json",
                    "tokenizer.json",
                    "tokenizer_config.json",
                    "model.safetensors");

    private Storyteller() {}

    /**
     * Unpacks the model into a temporary directory that is removed when the JVM ends.
     *
     * @return the model directory
     * @throws UncheckedIOException if it cannot be written
     */
    @SuppressWarnings("MustBeClosed")
    static Path unpack() {
        Path directory = TemporaryDirectory.create("offloadstream-storyteller").path();
        try {
            for (String file : FILES) {
                try (InputStream source =
                        Storyteller.class.getResourceAsStream("/storyteller/" + file)) {
                    if (source == null) {
                        throw new IOException("the jar lacks its resource storyteller/" + file);
                    }
                    Files.copy(source, directory.resolve(file));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("unpacking the storyteller into " + directory, e);
        }
        return directory;
    }
}
