/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.testng.annotations.Test;

/** Tests of {@link Processors}. */
public class ProcessorsTest {

    @Test
    public void hardwareThreadsOfOneCoreCountOnce() throws IOException {
        Path folder = Files.createTempDirectory("processors");
        String[] siblings = {"0,3", "1,4", "2,5", "0,3", "1,4", "2,5"};
        for (int i = 0; i < siblings.length; i++) {
            Path topology = Files.createDirectories(folder.resolve("cpu" + i + "/topology"));
            Files.writeString(topology.resolve("thread_siblings_list"), siblings[i] + "\n");
        }
        Files.createDirectories(folder.resolve("cpu6")); // offline
        Files.createDirectories(folder.resolve("cpufreq"));
        assertEquals(Processors.cores(folder, 6), 3);
        assertEquals(Processors.cores(folder, 2), 2, "the limit of a container");
    }

    @Test
    public void processorsCountWhereCoresAreNotKnown() throws IOException {
        Path folder = Files.createTempDirectory("processors");
        assertEquals(Processors.cores(folder, 5), 5);
        assertEquals(Processors.cores(folder.resolve("absent"), 7), 7);
        assertTrue(Processors.cores() >= 1);
    }
}
