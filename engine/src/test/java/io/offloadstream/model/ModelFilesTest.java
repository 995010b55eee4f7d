/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.testng.annotations.Test;

/** Which files a copy takes along. */
public class ModelFilesTest {

    @Test
    public void aFileThatIsTooLargeIsLeftOutWithAWarning() throws IOException {
        Path directory = Files.createTempDirectory("files");
        Path config = Files.writeString(directory.resolve("config.json"), "{}");
        Path index = Files.writeString(directory.resolve("model.safetensors.index.json"), "{}");
        Path large = directory.resolve("vocabulary.json");
        PrintStream before = System.err;
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        try (RandomAccessFile file = new RandomAccessFile(large.toFile(), "rw")) {
            file.setLength((256L << 20) + 1); // a hole: takes nothing on the disk
            System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
            assertEquals(ModelFiles.of(directory), List.of(config));
        } finally {
            System.setErr(before);
            for (Path file : List.of(config, index, large, directory)) {
                Files.delete(file);
            }
        }
        String text = log.toString(StandardCharsets.UTF_8);
        assertTrue(text.contains(large + " is not copied: it has 268435457 bytes"), text);
        assertEquals(text.lines().filter(line -> line.contains("WARN")).count(), 1, text);
    }
}
