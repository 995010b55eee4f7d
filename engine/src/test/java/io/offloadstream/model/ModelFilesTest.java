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
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Stream;
import org.testng.annotations.Test;

/** Which files a copy takes along. */
public class ModelFilesTest {

    /** Each kind of file that a model is published with, and what a packed copy has its own of. */
    @Test
    public void configurationTokenizerTemplateAndLicenceAreTakenAlong() throws IOException {
        List<String> wanted =
                List.of(
                        "LICENSE",
                        "NOTICE",
                        "README.md",
                        "USE_POLICY.md",
                        "chat_template.jinja",
                        "config.json",
                        "generation_config.json",
                        "licence_of_data.txt",
                        "merges.txt",
                        "tokenizer.json",
                        "tokenizer.model");
        List<String> others =
                List.of(
                        "metadata.json",
                        "model-00001-of-00002.safetensors",
                        "model.safetensors.index.json",
                        "pytorch_model.bin");
        Path directory = Files.createTempDirectory("files");
        List<Path> made = new ArrayList<>(List.of(directory));
        try {
            made.add(Files.createDirectory(directory.resolve("original.json")));
            for (String name : Stream.concat(wanted.stream(), others.stream()).toList()) {
                made.add(Files.createFile(directory.resolve(name)));
            }
            List<String> taken =
                    ModelFiles.of(directory).stream()
                            .map(file -> file.getFileName().toString())
                            .toList();
            assertEquals(taken, wanted);
        } finally {
            Collections.reverse(made);
            for (Path file : made) {
                Files.delete(file);
            }
        }
    }

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
