/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;

/**
 * The file {@code serving.properties} beside a model. {@code Criteria} reads it itself; {@code
 * Model.load} does not, so {@link OfsModel} does.
 *
 * @param options what stands behind {@code option.}
 * @param properties everything else, for example {@code translatorFactory}
 */
record ServingProperties(Map<String, String> options, Map<String, String> properties) {

    private static final String OPTION_PREFIX = "option.";

    /**
     * Reads the file of a model directory.
     *
     * @param directory the model directory
     * @return its contents, empty if there is no such file
     * @throws IOException if it cannot be read
     */
    static ServingProperties read(Path directory) throws IOException {
        Map<String, String> options = new TreeMap<>();
        Map<String, String> properties = new TreeMap<>();
        Path file = directory.resolve("serving.properties");
        if (Files.isRegularFile(file)) {
            Properties entries = new Properties();
            try (Reader reader = Files.newBufferedReader(file)) {
                entries.load(reader);
            }
            for (String key : entries.stringPropertyNames()) {
                if (key.startsWith(OPTION_PREFIX)) {
                    options.put(key.substring(OPTION_PREFIX.length()), entries.getProperty(key));
                } else {
                    properties.put(key, entries.getProperty(key));
                }
            }
        }
        return new ServingProperties(options, properties);
    }
}
