/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.testng.annotations.Test;

public class ServingPropertiesTest {

    @Test
    public void optionsAndPropertiesAreToldApart() throws IOException {
        Path directory = Files.createTempDirectory("serving");
        Path file = directory.resolve("serving.properties");
        try {
            assertTrue(ServingProperties.read(directory).options().isEmpty());
            Files.writeString(file, "engine=OffloadStream\n# a comment\noption.io=direct\n");
            ServingProperties read = ServingProperties.read(directory);
            assertEquals(read.options(), Map.of("io", "direct"));
            assertEquals(read.properties(), Map.of("engine", "OffloadStream"));
        } finally {
            Files.deleteIfExists(file);
            Files.delete(directory);
        }
    }
}
