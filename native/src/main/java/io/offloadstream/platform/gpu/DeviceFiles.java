/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.gpu;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The files through which Linux' drivers reach their devices: they tell that a GPU is there before
 * any library is loaded, and where none is installed.
 */
public final class DeviceFiles {

    private DeviceFiles() {}

    /**
     * Looks for a file.
     *
     * @param folder {@code /dev}, or one in it
     * @param name the whole name
     * @return one of those that fit; empty if there is none, or no such folder
     */
    public static Optional<Path> find(Path folder, Pattern name) {
        if (!Files.isDirectory(folder)) {
            return Optional.empty();
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> name.matcher(file.getFileName().toString()).matches())
                    .sorted()
                    .findFirst();
        } catch (IOException | UncheckedIOException e) {
            return Optional.empty(); // not for us to see, so nothing that we could use
        }
    }
}
