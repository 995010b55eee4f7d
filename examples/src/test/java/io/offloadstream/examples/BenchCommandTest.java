/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.device.Backends;
import io.offloadstream.platform.OffloadStreamException;
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
    public void aDevicePrintsItsFigures() {
        try {
            Backends.devices().choose("opencl", Backends.ANY_DEVICE);
        } catch (IllegalArgumentException | OffloadStreamException e) {
            throw new SkipException("no OpenCL device: " + e.getMessage(), e);
        }
        CliRun run =
                CliRun.of(
                        "bench",
                        "--size=40MB",
                        "--backend=opencl",
                        "--device-memory=30MB",
                        "--host-memory=30MB",
                        "--tokens=3",
                        "--directory=" + Path.of("target", "bench"));
        assertEquals(run.code(), 0, run.err() + run.out());
        for (String figure :
                new String[] {
                    "computing with opencl",
                    "\\(a\\) all in device memory",
                    "= [0-9]+ % of the device memory bandwidth",
                    "prefill +[0-9.]+ tokens/s",
                    "TFLOP/s in float32 = [0-9]+ % of the peak, [0-9.]+ TFLOP/s of float32",
                    "\\(c\\) deviceMemory=30MB",
                    "= [0-9]+ % of the pinned copy bandwidth",
                    "\\(d\\) deviceMemory=30MB, hostMemory=30MB",
                    "= [0-9]+ % of the direct read bandwidth"
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
