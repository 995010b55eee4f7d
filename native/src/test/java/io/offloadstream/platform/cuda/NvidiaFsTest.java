/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.Test;

public class NvidiaFsTest {

    private Path proc;

    @BeforeMethod
    public void create() throws IOException {
        proc = Files.createTempDirectory("ofs-proc-");
    }

    @AfterMethod(alwaysRun = true)
    public void delete() throws IOException {
        try (var files = Files.walk(proc)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    @Test
    public void whatIsNotLoadedHasNoVersionAndNoCounts() throws IOException {
        Files.write(proc.resolve("modules"), List.of("nvidia_fsx 16384 0 - Live 0x0"));
        NvidiaFs nvidiaFs = new NvidiaFs(proc);
        assertFalse(nvidiaFs.isLoaded());
        assertEquals(nvidiaFs.version(), "");
        assertEquals(nvidiaFs.reads(), Optional.empty());
    }

    @Test
    public void theDriverSaysItsVersion() throws IOException {
        assertEquals(new NvidiaFs(proc).driver(), "not loaded");
        Path folder = Files.createDirectories(proc.resolve("driver/nvidia"));
        Files.write(
                folder.resolve("version"),
                List.of("NVRM version: NVIDIA UNIX x86_64 Kernel Module  560.35.03  Fri", "GCC"));
        assertEquals(new NvidiaFs(proc).driver(), "NVIDIA UNIX x86_64 Kernel Module 560.35.03 Fri");
    }

    @Test
    public void theListOfModulesIsEnoughToBeLoaded() throws IOException {
        Files.write(
                proc.resolve("modules"),
                List.of("nvme 57344 1 - Live 0x0", "nvidia_fs 323584 0 - Live 0x0 (OE)"));
        assertTrue(new NvidiaFs(proc).isLoaded());
    }

    @Test
    public void statisticsGiveVersionAndReads() throws IOException {
        stats(
                "GDS Version: 1.12.0.25 ",
                "NVFS statistics(ver: 4.0)",
                "NVFS Driver(version: 2.22.3)",
                "IO stats: Enabled, peer IO stats: Enabled",
                "Reads\t\t\t\t: n=12 ok=11 err=1 readMiB=345 io_state_err=0",
                "Reads\t\t\t\t: Bandwidth(MiB/s)=0 Avg-Latency(usec)=0",
                "Sparse Reads\t\t        : n=6 io=0 holes=0 pages=0 ");
        NvidiaFs nvidiaFs = new NvidiaFs(proc);
        assertTrue(nvidiaFs.isLoaded());
        assertEquals(nvidiaFs.version(), "2.22.3");
        assertEquals(nvidiaFs.reads(), Optional.of(new NvidiaFs.Reads(11, 345)));
    }

    @Test
    public void olderVersionsWriteColons() throws IOException {
        stats("NVFS Driver(version: 2:7:47)");
        assertEquals(new NvidiaFs(proc).version(), "2.7.47");
    }

    @Test
    public void statisticsThatAreOffCountNothing() throws IOException {
        stats("IO stats: Disabled, peer IO stats: Disabled", "Reads\t\t\t\t: err=0 io_state_err=0");
        assertEquals(new NvidiaFs(proc).reads(), Optional.empty());
    }

    private void stats(String... lines) throws IOException {
        Path folder = Files.createDirectories(proc.resolve("driver/nvidia-fs"));
        Files.write(folder.resolve("stats"), List.of(lines));
    }
}
