/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import com.sun.jna.Platform;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.gpu.GpuDriver;
import io.offloadstream.platform.gpu.GpuInfo;
import io.offloadstream.platform.gpu.KernelCache;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.testng.SkipException;
import org.testng.annotations.Test;

/** What the driver finds, and why not. */
public class CudaDriverTest {

    @Test
    public void findsDevicesWithoutAContext() {
        try (FakeCuda fake = FakeCuda.install()) {
            fake.set("devices", 2);
            fake.set("capability", 120);
            GpuDriver.Discovery found = new CudaDriver().discover();
            assertEquals(found.problem(), "");
            assertEquals(found.devices().size(), 2);
            assertEquals(
                    found.devices().get(1),
                    new GpuInfo(
                            "cuda",
                            1,
                            "Fake Card 1",
                            "NVIDIA",
                            FakeCuda.MEMORY_BYTES,
                            FakeCuda.MEMORY_BYTES,
                            "sm_120",
                            "CUDA 12.4",
                            "0000:3c:00.0",
                            true));
            assertEquals(fake.get("retained"), 0);
        }
    }

    @Test
    public void saysInOneLineWhyThereAreNone() {
        try (FakeCuda fake = FakeCuda.install()) {
            fake.set("version", 10020);
            assertProblem("the NVIDIA driver supports CUDA 10.2, 11.0 or newer is needed");
            fake.set("version", FakeCuda.DRIVER_VERSION);
            fake.set("devices", 0);
            assertProblem("finds no device");
            fake.set("devices", 1);
            fake.set("capability", 52);
            assertProblem("Fake Card 0 is sm_52, sm_60 or newer is needed");
            fake.fail("cuInit", 999, 0);
            assertProblem("does not start");
            fake.set("capability", 90);
            fake.fail("cuDeviceGetName", 101, 0);
            assertProblem("cuDeviceGetName");
        }
    }

    @Test
    public void missingLibraryIsAProblemNotAnError() {
        if (Platform.isMac()) {
            throw new SkipException("CUDA does not exist for macOS");
        }
        System.setProperty(DriverLibrary.PROPERTY, "no-such-libcuda");
        try {
            assertProblem("no NVIDIA driver: no-such-libcuda was not found");
        } finally {
            System.clearProperty(DriverLibrary.PROPERTY);
        }
    }

    /** Linux shows the card, so that nothing computes on it is worth a warning. */
    @Test
    public void missingLibraryIsAFaultWhereThereIsACard() throws IOException {
        if (Platform.isMac()) {
            throw new SkipException("CUDA does not exist for macOS");
        }
        Path files = Files.createTempDirectory("dev");
        Path control = Files.createFile(files.resolve("nvidiactl"));
        System.setProperty(DriverLibrary.PROPERTY, "no-such-libcuda");
        try {
            assertFalse(CudaDriver.discover(true, files).isFault());
            Path card = Files.createFile(files.resolve("nvidia3"));
            GpuDriver.Discovery found = CudaDriver.discover(true, files);
            assertTrue(found.isFault());
            assertEquals(
                    found.problem(),
                    "no NVIDIA driver: no-such-libcuda was not found, though there is " + card);
            assertFalse(CudaDriver.discover(false, files).isFault(), "no such files elsewhere");
            Files.delete(card);
        } finally {
            System.clearProperty(DriverLibrary.PROPERTY);
            Files.delete(control);
            Files.delete(files);
        }
    }

    private static void assertProblem(String part) {
        GpuDriver.Discovery found = new CudaDriver().discover();
        assertEquals(found.devices(), List.of());
        assertTrue(found.problem().contains(part), found.problem());
        assertEquals(found.problem().lines().count(), 1, found.problem());
    }

    @Test
    public void kernelThatDoesNotCompileIsAnErrorWithTheLog() {
        try (FakeCuda fake = FakeCuda.install()) {
            CudaDriver broken = fake.driver("#error\n");
            GpuInfo device = broken.discover().devices().get(0);
            DeviceException e = expectThrows(DeviceException.class, () -> broken.open(device));
            assertTrue(e.getMessage().contains("#error in the source"), e.getMessage());
            CudaDriver refused = fake.driver("KERNEL(32) void broken() { no_such_thing(); }\n");
            e = expectThrows(DeviceException.class, () -> refused.open(device));
            assertTrue(e.getMessage().contains("no_such_thing"), e.getMessage());
            assertEquals(fake.get("retained"), 0);
        }
    }

    @Test
    public void contextIsReleasedWhateverFails() {
        try (FakeCuda fake = FakeCuda.install()) {
            Map<String, String> sources = new HashMap<>();
            sources.put("nothing", null);
            CudaDriver broken = new CudaDriver(capability -> sources, KernelCache.ofUser());
            GpuInfo device = broken.discover().devices().get(0);
            expectThrows(NullPointerException.class, () -> broken.open(device));
            assertEquals(fake.get("retained"), 0);
        }
    }

    @Test
    public void secondOpenCompilesNothing() throws IOException {
        Path folder = Files.createTempDirectory("cuda-driver-cache");
        try (FakeCuda fake = FakeCuda.install()) {
            CudaDriver driver = fake.driver(FakeCuda.read("probe.cl"), new KernelCache(folder));
            GpuInfo device = driver.discover().devices().get(0);
            long before = fake.compilations();
            driver.open(device).close();
            assertEquals(fake.compilations(), before + 2, "one a module");
            driver.open(device).close();
            assertEquals(fake.compilations(), before + 2);
        } finally {
            try (Stream<Path> files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
        }
    }

    @Test
    public void withoutNvrtcAndCubinsOpeningSaysWhatIsMissing() {
        try (FakeCuda fake = FakeCuda.install()) {
            System.setProperty(Nvrtc.PROPERTY, "none");
            CudaDriver driver = fake.driver();
            GpuInfo device = driver.discover().devices().get(0);
            DeviceException e = expectThrows(DeviceException.class, () -> driver.open(device));
            assertTrue(e.getMessage().contains("install it"), e.getMessage());
        }
    }
}
