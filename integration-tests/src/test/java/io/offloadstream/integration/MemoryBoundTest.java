/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.device.Backends;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.gpu.KernelCache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.testng.SkipException;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/**
 * A process that runs a checkpoint larger than its budget is never larger than the budget and what
 * the JVM itself needs: measured by the kernel, in a JVM of its own.
 */
public class MemoryBoundTest {

    /** About 400 MB in bf16. */
    private static final SyntheticLlama LARGE = new SyntheticLlama(24, 16, 4, 64, 2048, 8192);

    private static final long SEED = 5;
    private static final long BUDGET_BYTES = 150_000_000;
    private static final long HOST_BYTES = 60_000_000;
    private static final long DEVICE_BYTES = 90_000_000;
    private static final long JVM_BYTES = 250_000_000;
    private static final long MAPPED_BUDGET_BYTES = 500_000_000;
    private static final long SPARE_BYTES = 1_000_000_000;

    private ScratchDirectory scratch;

    @BeforeClass
    public void makeCheckpoint() throws Exception {
        scratch = new ScratchDirectory("large");
        if (!System.getProperty("os.name").toLowerCase(Locale.ROOT).contains("linux")) {
            throw new SkipException("peak memory is read from /proc, which Linux has");
        }
        if (Files.getFileStore(scratch.path()).getUsableSpace() < SPARE_BYTES) {
            throw new SkipException("no room for 400 MB in " + scratch.path());
        }
        LARGE.write(scratch.path(), SEED);
        long size = Files.size(scratch.path().resolve(SyntheticLlama.FILE));
        assertTrue(size > 2 * BUDGET_BYTES && size < MAPPED_BUDGET_BYTES - 30_000_000, "" + size);
    }

    @AfterClass(alwaysRun = true)
    public void deleteCheckpoint() {
        scratch.close();
    }

    @DataProvider
    Object[][] runs() {
        return new Object[][] {
            {"direct", BUDGET_BYTES}, {"buffered", BUDGET_BYTES}, {"mmap", MAPPED_BUDGET_BYTES},
        };
    }

    @Test(dataProvider = "runs")
    public void theProcessStaysWithinBudgetAndJvm(String io, long budgetBytes) {
        Path directory = scratch.path();
        ChildJvm.Ended child =
                ChildJvm.run(
                        MeasuredRun.class,
                        List.of(directory.toString(), io, Long.toString(budgetBytes)));
        assertEquals(child.exitCode(), 0, child.errors());
        MeasuredRun.Peaks peaks = MeasuredRun.Peaks.parse(child.output());
        assertTrue(
                peaks.processBytes() <= budgetBytes + JVM_BYTES,
                io + ": the process had " + peaks.processBytes() + ", budget " + budgetBytes);
        assertTrue(
                peaks.budgetBytes() <= budgetBytes,
                io + ": reserved " + peaks.budgetBytes() + " of " + budgetBytes);
        // a run that held no weights would pass the above
        assertTrue(peaks.budgetBytes() > budgetBytes / 2, io + ": " + peaks.budgetBytes());
    }

    /** Where a processor poses as the device, what it calls device memory is the process's. */
    @Test
    public void theProcessStaysWithinBothBudgetsOfADeviceAndJvm() throws IOException {
        requireOpenCl();
        // Such a driver compiles in the process, with memory of its own; so the size of the
        // process is checked in the second, which finds that done. The bandwidths both measure.
        Path cache = scratch.path().resolve("cache");
        String before = System.setProperty(KernelCache.PROPERTY, cache.toString());
        try {
            requireWithinBudgets(runOnDevice());
            requireMeasured(cache.resolve("bandwidths"));
            MeasuredDeviceRun.Peaks peaks = runOnDevice();
            requireMeasured(cache.resolve("bandwidths"));
            requireWithinBudgets(peaks);
            long limit = HOST_BYTES + DEVICE_BYTES + JVM_BYTES + peaks.contextBytes();
            assertTrue(peaks.processBytes() <= limit, peaks + ", limit " + limit);
            assertTrue(peaks.contextBytes() > 0, peaks.toString());
        } finally {
            if (before == null) {
                System.clearProperty(KernelCache.PROPERTY);
            } else {
                System.setProperty(KernelCache.PROPERTY, before);
            }
        }
    }

    /** Forgets it, too. */
    private static void requireMeasured(Path bandwidths) throws IOException {
        try (Stream<Path> files = Files.list(bandwidths)) {
            List<Path> kept = files.toList();
            assertEquals(kept.size(), 1, kept.toString());
            Files.delete(kept.get(0));
        }
    }

    private static void requireWithinBudgets(MeasuredDeviceRun.Peaks peaks) {
        assertTrue(peaks.hostBytes() <= HOST_BYTES, peaks.toString());
        assertTrue(peaks.deviceBytes() <= DEVICE_BYTES, peaks.toString());
        // a run that held no weights would pass the above
        assertTrue(peaks.hostBytes() > HOST_BYTES / 2, "host groups: " + peaks);
        assertTrue(peaks.deviceBytes() > DEVICE_BYTES / 2, "device groups: " + peaks);
    }

    private MeasuredDeviceRun.Peaks runOnDevice() {
        ChildJvm.Ended child =
                ChildJvm.run(
                        MeasuredDeviceRun.class,
                        List.of(
                                scratch.path().toString(),
                                Long.toString(HOST_BYTES),
                                Long.toString(DEVICE_BYTES)));
        assertEquals(child.exitCode(), 0, child.errors());
        return MeasuredDeviceRun.Peaks.parse(child.output());
    }

    private static void requireOpenCl() {
        try {
            Backends.devices().choose("opencl", Backends.ANY_DEVICE);
        } catch (DeviceException | IllegalArgumentException e) {
            throw new SkipException("no OpenCL device: " + e.getMessage(), e);
        }
    }
}
