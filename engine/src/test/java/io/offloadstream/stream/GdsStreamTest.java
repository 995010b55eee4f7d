/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.plan.PlanRequest.Mapping;
import io.offloadstream.plan.ResidencyPlanner;
import io.offloadstream.platform.GdsMode;
import io.offloadstream.platform.GdsStatus;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.platform.Storage;
import io.offloadstream.stream.StreamOptions.Io;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Weights read by cuFile into a device made of threads: a C library poses as cuFile. */
public class GdsStreamTest extends DeviceFixture {

    private static final Shape HALF = new Shape(0.3, 0.3, 2, 3, 4096);

    /** What is logged between here and the end of a test. */
    private final ByteArrayOutputStream log = new ByteArrayOutputStream();

    private PrintStream console;
    private FakeGds gds;

    @BeforeMethod
    public void install() {
        gds = FakeGds.install();
        gds.set("allow_compat", 1);
        console = System.err;
        log.reset();
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    }

    @AfterMethod(alwaysRun = true)
    public void remove() {
        if (gds != null) {
            System.setErr(console);
            gds.close();
            gds = null;
        }
    }

    private long warnings() {
        return log.toString(StandardCharsets.UTF_8)
                .lines()
                .filter(line -> line.contains("io=gds"))
                .count();
    }

    /** Everything that was opened and registered is given back. */
    private void requireClean(boolean wasOpened) {
        assertEquals(gds.get("handles_ever") > 0, wasOpened, "files opened");
        assertEquals(gds.get("handles"), 0, "files left registered");
        assertEquals(gds.get("buffers"), 0, "buffers left registered");
        assertEquals(gds.get("misuses"), 0, "buffers or files used that were not registered");
        assertEquals(gds.get("driver_closes"), gds.get("driver_opens"));
    }

    @DataProvider
    public static Object[][] modes() {
        return new Object[][] {
            {1, 0, GdsMode.DIRECT, "GDS (direct)"},
            {2, 0, GdsMode.DIRECT, "GDS (direct)"},
            {0, 0, GdsMode.COMPAT, "GDS (compat)"},
            {1, 7, GdsMode.COMPAT, "GDS (compat)"},
        };
    }

    @Test(dataProvider = "modes", timeOut = 600_000)
    public void kernelsFindTheBytesOfTheFileAndTheModeIsReported(
            int path, int posixEvery, GdsMode mode, String name) throws Exception {
        for (long seed = 0; seed < 6; seed++) {
            gds.set("path", path).set("posix_every", posixEvery);
            RandomWeights weights = new RandomWeights(directory, seed, 7, 9);
            FakeDevice device = new FakeDevice(seed);
            gds.serve(device);
            int readers = 1 + (int) seed;
            on(
                    device,
                    weights,
                    HALF,
                    options(Io.GDS, 1, readers),
                    bench -> {
                        for (int pass = 0; pass < 4; pass++) {
                            bench.runPass(weights.order(), new Random(pass));
                        }
                        StreamStats stats = bench.stream().stats();
                        GdsStatus status = stats.gds().orElseThrow();
                        assertEquals(status.mode(), mode, status.reason());
                        assertEquals(stats.ioName(), name);
                        assertTrue(stats.toTable().contains("read " + name), stats.toTable());
                        assertTrue(stats.toTable().contains(status.reason()), stats.toTable());
                        assertTrue(stats.upload().bytesFromDisk() > 0);
                    });
            assertTrue(gds.get("reads") > 2, "cuFile read " + gds.get("reads") + " times");
            requireClean(true);
        }
        assertEquals(
                warnings(), mode == GdsMode.DIRECT ? 0 : 6, log.toString(StandardCharsets.UTF_8));
    }

    @DataProvider
    public static Object[][] refusals() {
        return new Object[][] {
            {"open_error", 5001, "nvidia-fs is not loaded"},
            {"properties_error", 5004, "versions of nvidia-fs and libcufile"},
            {"handle_error", 5008, "allow_compat_mode"},
            {"buffer_error", 5016, "no more device memory can be pinned"},
            {"read_error", 5048, "nvidia-fs has an internal error"},
        };
    }

    @Test(dataProvider = "refusals", timeOut = 600_000)
    public void aRefusalFallsBackToPinnedCopiesAndSaysSoOnce(
            String setting, int code, String reason) throws Exception {
        // the second file and the third buffer are what is refused
        gds.set("path", 1).set("handle_error_after", 1).set("buffer_error_after", 2);
        gds.set(setting, code);
        RandomWeights weights = new RandomWeights(directory, 3, 7, 9);
        FakeDevice device = new FakeDevice(3);
        gds.serve(device);
        on(
                device,
                weights,
                HALF,
                options(Io.GDS, 1, 3),
                bench -> {
                    for (int pass = 0; pass < 3; pass++) {
                        bench.runPass(weights.order(), new Random(pass));
                    }
                    StreamStats stats = bench.stream().stats();
                    assertEquals(stats.io(), Io.DIRECT);
                    assertEquals(stats.ioName(), "DIRECT");
                    GdsStatus status = stats.gds().orElseThrow();
                    assertEquals(status.mode(), GdsMode.UNAVAILABLE);
                    assertTrue(status.reason().contains(reason), status.reason());
                    assertTrue(stats.toTable().contains("unavailable: "), stats.toTable());
                    assertEquals(gds.get("buffers"), 0, "buffers of a way that is not used");
                });
        assertEquals(warnings(), 1, log.toString(StandardCharsets.UTF_8));
        assertEquals(gds.get("handles"), 0);
        assertEquals(gds.get("misuses"), 0);
    }

    @Test(timeOut = 600_000)
    public void aDeviceWithoutCuFileFallsBackToo() throws Exception {
        RandomWeights weights = new RandomWeights(directory, 4, 5, 5);
        on(
                4,
                weights,
                HALF,
                options(Io.GDS, 1, 2),
                bench -> {
                    bench.runPass(weights.order(), new Random(4));
                    GdsStatus status = bench.stream().stats().gds().orElseThrow();
                    assertTrue(status.reason().contains("needs backend=cuda"), status.reason());
                });
        assertEquals(warnings(), 1, log.toString(StandardCharsets.UTF_8));
    }

    @Test(timeOut = 600_000)
    public void aModeThatIsLostIsReportedOnce() throws Exception {
        gds.set("path", 1);
        RandomWeights weights = new RandomWeights(directory, 5, 7, 9);
        FakeDevice device = new FakeDevice(5);
        gds.serve(device);
        on(
                device,
                weights,
                HALF,
                options(Io.GDS, 1, 3),
                bench -> {
                    bench.runPass(weights.order(), new Random(1));
                    assertEquals(bench.stream().stats().ioName(), "GDS (direct)");
                    assertEquals(warnings(), 0);
                    gds.set("path", 0);
                    bench.runPass(weights.order(), new Random(2));
                    bench.runPass(weights.order(), new Random(3));
                    assertEquals(bench.stream().stats().ioName(), "GDS (compat)");
                    assertEquals(bench.stream().stats().ioName(), "GDS (compat)");
                });
        assertEquals(warnings(), 1, log.toString(StandardCharsets.UTF_8));
        requireClean(true);
    }

    @Test(timeOut = 600_000)
    public void aFailedReadEndsThePassAndTheNextOneWorks() throws Exception {
        gds.set("path", 1);
        RandomWeights weights = new RandomWeights(directory, 6, 7, 9);
        FakeDevice device = new FakeDevice(6);
        gds.serve(device);
        on(
                device,
                weights,
                HALF,
                options(Io.GDS, 1, 3),
                bench -> {
                    bench.runPass(weights.order(), new Random(1));
                    gds.set("read_error_after", 0).set("read_errno", 5);
                    OffloadStreamException failed =
                            expectThrows(
                                    OffloadStreamException.class,
                                    () -> {
                                        // what was read ahead may carry the first pass through
                                        for (int pass = 0; pass < 3; pass++) {
                                            bench.runPass(weights.order(), new Random(pass));
                                        }
                                    });
                    assertTrue(failed.getMessage().contains("errno 5"), failed.getMessage());
                    gds.set("read_errno", 0);
                    bench.runPass(weights.order(), new Random(2));
                    bench.runPass(weights.order(), new Random(3));
                });
        requireClean(true);
    }

    @Test(timeOut = 600_000)
    public void shortReadsBringAllBytes() throws Exception {
        gds.set("path", 1).set("short_bytes", 9000);
        RandomWeights weights = new RandomWeights(directory, 7, 5, 9);
        FakeDevice device = new FakeDevice(7);
        gds.serve(device);
        on(
                device,
                weights,
                HALF,
                options(Io.GDS, 1, 3),
                bench -> {
                    bench.runPass(weights.order(), new Random(1));
                    bench.runPass(weights.order(), new Random(2));
                    assertEquals(bench.stream().stats().ioName(), "GDS (direct)");
                });
        requireClean(true);
    }

    @Test
    public void kernelsInHostMemoryHaveNoUseForIt() throws Exception {
        RandomWeights weights = new RandomWeights(directory, 8, 3);
        try (MemoryBudget budget = new MemoryBudget("hostMemory", 50_000_000)) {
            IllegalArgumentException refused =
                    expectThrows(
                            IllegalArgumentException.class,
                            () ->
                                    WeightStream.open(
                                            ResidencyPlanner.plan(
                                                    weights.request(
                                                            5_000_000, 2, 4096, Mapping.NEVER)),
                                            options(Io.GDS, 1, 2),
                                            budget,
                                            Storage.local()));
            assertFalse(refused.getMessage().isEmpty());
            assertTrue(refused.getMessage().contains("io=gds"), refused.getMessage());
        }
    }
}
