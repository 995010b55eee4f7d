/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.testng.annotations.AfterMethod;

/** Directories that are gone after the test that made them, however it ended. */
abstract class DirectoryFixture {

    private final List<Path> made = new ArrayList<>();

    /** Makes an empty one. */
    Path newDirectory() throws IOException {
        Path directory = Files.createTempDirectory(Path.of("target").toAbsolutePath(), "text");
        made.add(directory);
        return directory;
    }

    @AfterMethod(alwaysRun = true)
    public void deleteDirectories() throws IOException {
        for (Path directory : made) {
            try (Stream<Path> files = Files.walk(directory)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
        made.clear();
    }
}
