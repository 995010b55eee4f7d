/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.testng.annotations.Test;

/** Tests of {@link Processors}. */
public class ProcessorsTest {

    /** Six hardware threads of three cores, and one that is offline. */
    private static Path threeCores() throws IOException {
        Path folder = Files.createTempDirectory("processors");
        String[] siblings = {"0,3", "1,4", "2,5", "0,3", "1,4", "2,5"};
        for (int i = 0; i < siblings.length; i++) {
            Path topology = Files.createDirectories(folder.resolve("cpu" + i + "/topology"));
            Files.writeString(topology.resolve("thread_siblings_list"), siblings[i] + "\n");
        }
        Files.createDirectories(folder.resolve("cpu6")); // offline
        Files.createDirectories(folder.resolve("cpufreq"));
        return folder;
    }

    /** The status of a process whose name is no UTF-8. */
    private static Path status(String processors) throws IOException {
        String text = "Name:\tj\u00e4va\nCpus_allowed:\t3f\n" + processors + "\nThreads:\t9\n";
        Path status = Files.createTempFile("processors", "status");
        return Files.write(status, text.getBytes(StandardCharsets.ISO_8859_1));
    }

    @Test
    public void hardwareThreadsOfOneCoreCountOnce() throws IOException {
        Path folder = threeCores();
        Path all = status("Cpus_allowed_list:\t0-63");
        assertEquals(Processors.cores(folder, all, 6), 3);
        assertEquals(Processors.cores(folder, all, 2), 2, "the limit of a container");
    }

    /** As {@code taskset} does it: what is left is threads of one core, of two, or one of each. */
    @Test
    public void coresThatTheProcessMayNotRunOnDoNotCount() throws IOException {
        Path folder = threeCores();
        assertEquals(Processors.cores(folder, status("Cpus_allowed_list:\t1,4"), 2), 1);
        assertEquals(Processors.cores(folder, status("Cpus_allowed_list:\t0,3-4"), 3), 2);
        assertEquals(Processors.cores(folder, status("Cpus_allowed_list:\t0-2"), 3), 3);
        assertEquals(Processors.cores(folder, status("none listed"), 6), 3);
    }

    @Test
    public void processorsCountWhereCoresAreNotKnown() throws IOException {
        Path folder = Files.createTempDirectory("processors");
        Path all = status("Cpus_allowed_list:\t0-6");
        assertEquals(Processors.cores(folder, all, 5), 5);
        assertEquals(Processors.cores(folder.resolve("absent"), all, 7), 7);
        assertEquals(Processors.cores(threeCores(), folder.resolve("absent"), 7), 7);
        assertTrue(Processors.cores() >= 1);
    }
}
