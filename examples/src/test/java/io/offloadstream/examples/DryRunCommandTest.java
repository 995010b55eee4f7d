/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.testng.annotations.Test;

public class DryRunCommandTest {

    private static List<Path> temporary() throws IOException {
        Path directory = Path.of(System.getProperty("java.io.tmpdir"));
        try (Stream<Path> files = Files.list(directory)) {
            return files.filter(file -> file.getFileName().toString().contains("offloadstream-dry"))
                    .toList();
        }
    }

    @Test
    public void itStreamsWhatDoesNotFitAndCleansUp() throws IOException {
        List<Path> before = temporary();
        CliRun run =
                CliRun.of(
                        "dry-run",
                        "--size=40MB",
                        "--host-memory=20MB",
                        "--tokens=3",
                        "--io=direct");
        assertEquals(run.code(), 0, run.err());
        assertTrue(run.out().contains("each token after it"), run.out());
        assertTrue(run.out().contains("of 20.00 MB"), run.out());
        assertEquals(temporary(), before);
    }

    @Test
    public void itCleansUpAfterAFailure() throws IOException {
        List<Path> before = temporary();
        CliRun run = CliRun.of("dry-run", "--size=40MB", "--host-memory=1MB");
        assertEquals(run.code(), 1, run.err());
        assertTrue(run.err().contains("hostMemory"), run.err());
        assertEquals(temporary(), before);
    }

    @Test
    public void aDirectoryIsKeptAndUsedAgain() throws IOException {
        try (TemporaryDirectory directory = TemporaryDirectory.create("offloadstream-test")) {
            Path kept = directory.path().resolve("kept");
            String[] args = {
                "dry-run", "--size=8MB", "--tokens=1", "--host-memory=100MB", "--directory=" + kept
            };
            assertEquals(CliRun.of(args).code(), 0);
            CliRun again = CliRun.of(args);
            assertTrue(again.out().contains("made earlier"), again.out());
            args[1] = "--size=9MB";
            CliRun other = CliRun.of(args);
            assertEquals(other.code(), 1);
            assertTrue(other.err().contains("holds another model"), other.err());
        }
    }

    @Test
    public void aCheckpointThatTheDiskCannotHoldIsRefused() {
        try (TemporaryDirectory directory = TemporaryDirectory.create("offloadstream-test")) {
            CliRun run = CliRun.of("dry-run", "--size=1000TB", "--directory=" + directory.path());
            assertEquals(run.code(), 1);
            assertTrue(run.err().contains("are free"), run.err());
            assertFalse(Files.exists(directory.path().resolve("model.safetensors")));
        }
    }

    @Test
    public void aSeedAlwaysMakesTheSameCheckpoint() throws IOException {
        LlamaShape shape = LlamaShape.ofSize(LlamaShape.LEAST_BYTES);
        try (TemporaryDirectory first = TemporaryDirectory.create("offloadstream-test");
                TemporaryDirectory second = TemporaryDirectory.create("offloadstream-test")) {
            for (TemporaryDirectory directory : List.of(first, second)) {
                new SyntheticCheckpoint(shape, 5)
                        .make(directory.path(), new PrintWriter(new StringWriter()));
            }
            Path file = Path.of("model.safetensors");
            Path one = first.path().resolve(file);
            assertEquals(Files.mismatch(one, second.path().resolve(file)), -1);
            assertTrue(Files.size(one) > shape.sizeBytes(), Files.size(one) + " " + shape);
        }
    }
}
