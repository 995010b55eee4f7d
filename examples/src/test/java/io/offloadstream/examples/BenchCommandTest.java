/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.testng.SkipException;
import org.testng.annotations.Test;

public class BenchCommandTest {

    @Test
    public void bothCasesPrintTheirFigures() {
        Path directory = Path.of("target", "bench");
        CliRun run =
                CliRun.of(
                        "bench",
                        "--size=40MB",
                        "--host-memory=20MB",
                        "--tokens=3",
                        "--directory=" + directory);
        assertEquals(run.code(), 0, run.err() + run.out());
        for (String figure :
                new String[] {
                    "\\(a\\) all in memory",
                    "decode +[0-9.]+ tokens/s",
                    "= [0-9]+ % of the memory read bandwidth",
                    "read from disk +0 B per token",
                    "\\(b\\) hostMemory=20MB",
                    "decode +[0-9.]+ s/token",
                    "read from disk +([0-9.]+ MB) per token; not resident: \\1 of",
                    "= [0-9]+ % of the direct read bandwidth",
                    "peak RSS"
                }) {
            assertTrue(Pattern.compile(figure).matcher(run.out()).find(), figure + run.out());
        }
    }

    @Test
    public void aDiskInMemoryIsRefused() throws IOException {
        Path memory = Path.of("/dev/shm");
        if (!Files.isWritable(memory) || !Files.getFileStore(memory).type().equals("tmpfs")) {
            throw new SkipException("/dev/shm is no tmpfs here");
        }
        CliRun run = CliRun.of("bench", "--size=8MB", "--directory=" + memory);
        assertEquals(run.code(), 1);
        assertTrue(run.err().contains("is memory"), run.err());
    }
}
