/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.testng.annotations.Test;

public class TemporaryDirectoryTest {

    @Test
    public void closingRemovesAllThatIsInIt() throws IOException {
        Path path;
        try (TemporaryDirectory directory = TemporaryDirectory.create("offloadstream-test")) {
            path = directory.path();
            Files.createDirectories(path.resolve("a/b"));
            Files.writeString(path.resolve("a/b/c"), "text");
            assertTrue(Files.exists(path));
        }
        assertFalse(Files.exists(path));
    }
}
