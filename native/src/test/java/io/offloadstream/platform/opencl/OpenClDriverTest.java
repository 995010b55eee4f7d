/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertNotSame;
import static org.testng.Assert.assertSame;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import com.sun.jna.Platform;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuDriver;
import io.offloadstream.platform.gpu.GpuInfo;
import io.offloadstream.platform.gpu.GpuKernel;
import io.offloadstream.platform.gpu.KernelCache;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.Test;

public class OpenClDriverTest {

    private Path folder;

    @BeforeMethod
    public void createFolder() throws IOException {
        folder = Files.createTempDirectory("kernels");
    }

    @AfterMethod(alwaysRun = true)
    public void deleteFolder() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private List<Path> entries() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.sorted().toList();
        }
    }

    @Test
    public void deviceIsDescribed() {
        GpuInfo info = TestDevice.find();
        assertEquals(info.driver(), "opencl");
        assertEquals(info.ordinal(), 0);
        assertFalse(info.name().isEmpty());
        assertFalse(info.driverVersion().isEmpty());
        assertTrue(info.capability().matches("OpenCL [1-9]\\.[0-9]"), info.capability());
        assertTrue(info.totalBytes() > 1 << 20);
        assertTrue(info.freeBytes() <= info.totalBytes());
        assertTrue(
                info.pciAddress().isEmpty()
                        || info.pciAddress().matches("[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\\.[0-7]"),
                info.pciAddress());
        try (Gpu gpu = TestDevice.open()) {
            assertEquals(gpu.info(), info);
            assertTrue(gpu.processors() >= 1);
        }
    }

    @Test
    public void pciAddressIsWrittenAsTheSystemDoes() {
        assertEquals(ClInfo.pciAddress(0, 0x3B, 0, 0), "0000:3b:00.0");
        assertEquals(ClInfo.pciAddress(0x10001, 0xAF, 0x1F, 7), "10001:af:1f.7");
    }

    @Test
    public void kernelThatDoesNotCompileIsOneExceptionWithTheLog() throws IOException {
        GpuInfo info = TestDevice.find();
        OpenClDriver broken = TestDevice.driver(new KernelCache(folder), "broken", "vectors");
        DeviceException refused = expectThrows(DeviceException.class, () -> broken.open(info));
        assertTrue(refused.getMessage().contains("kernels broken"), refused.getMessage());
        assertTrue(refused.getMessage().contains("undeclared_name"), refused.getMessage());
        // and leaves the device as it was
        try (Gpu gpu = TestDevice.driver(new KernelCache(folder)).open(info)) {
            assertTrue(gpu.hasModule("vectors"));
        }
        // A second try fails alike: nothing half open is shared
        assertThrows(DeviceException.class, () -> broken.open(info));
    }

    @Test
    public void kernelsAreCompiledOnceAndADamagedEntryAgain() throws IOException {
        GpuInfo info = TestDevice.find();
        OpenClDriver driver = TestDevice.driver(new KernelCache(folder));
        assertEquals(openAndCountCached(driver, info), 0);
        List<Path> entries = entries();
        assertEquals(entries.size(), 2);
        assertEquals(openAndCountCached(driver, info), 2);
        Files.write(entries.get(0), new byte[] {1, 2, 3});
        assertEquals(openAndCountCached(driver, info), 1);
        assertEquals(openAndCountCached(driver, info), 2);
        // A driver that takes no such binary: the entry is whole, its contents are not
        String key = entries.get(1).getFileName().toString();
        new KernelCache(folder).store(key, "no binary".getBytes(StandardCharsets.UTF_8));
        assertEquals(openAndCountCached(driver, info), 1);
        assertEquals(openAndCountCached(driver, info), 2);
    }

    @Test
    public void signalsStayTheVirtualMachinesWhenKernelsAreCompiled() throws Exception {
        TestDevice.find();
        assertEquals(signalsOfNewProcess(), "kept", "nothing in the driver's cache");
        assertEquals(signalsOfNewProcess(), "kept", "this project's kernels in the driver's cache");
    }

    private String signalsOfNewProcess() throws IOException, InterruptedException {
        Path errors = folder.resolve("stderr");
        ProcessBuilder builder =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-cp",
                                System.getProperty("java.class.path"),
                                PrintSignals.class.getName())
                        .redirectError(errors.toFile());
        builder.environment().put("POCL_CACHE_DIR", folder.resolve("pocl").toString());
        Process process = builder.start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(process.waitFor(), 0, Files.readString(errors));
        return output.strip();
    }

    private static int openAndCountCached(OpenClDriver driver, GpuInfo info) {
        try (Gpu gpu = driver.open(info);
                GpuKernel first = gpu.kernel("vectors", "places");
                GpuKernel second = gpu.kernel("slow", "count_slowly")) {
            assertNotSame(first, second);
            return ((OpenClGpu) gpu).context.programs().fromCache();
        }
    }

    @Test
    public void usersShareADeviceUntilTheLastOneLeaves() {
        GpuInfo info = TestDevice.find();
        OpenClDriver driver = TestDevice.driver(new KernelCache(folder));
        Gpu first = driver.open(info);
        Gpu second = TestDevice.driver(new KernelCache(folder)).open(info);
        ClContext shared = ((OpenClGpu) first).context;
        assertSame(((OpenClGpu) second).context, shared);
        first.close();
        first.close(); // has no effect
        assertThrows(IllegalStateException.class, () -> first.newStream("late"));
        try (MemoryBudget budget = new MemoryBudget("deviceMemory", 1 << 20)) {
            DeviceBuffer last = second.allocate(budget, "last", 100);
            second.close();
            // What is still there keeps the device open
            Gpu third = driver.open(info);
            assertSame(((OpenClGpu) third).context, shared);
            third.close();
            last.close();
        }
        try (Gpu fourth = driver.open(info)) {
            assertNotSame(((OpenClGpu) fourth).context, shared);
        }
    }

    @Test
    public void libraryThatIsMissingIsAReasonAndNothingElse() throws Exception {
        Process process =
                new ProcessBuilder(
                                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                                "-Dorg.lwjgl.opencl.libname=libOffloadStreamHasNone.so",
                                "-cp",
                                System.getProperty("java.class.path"),
                                PrintDiscovery.class.getName())
                        .redirectError(folder.resolve("stderr").toFile())
                        .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(process.waitFor(), 0, output);
        boolean fault = Platform.isLinux() && OpenClDriver.gpuFile(Path.of("/dev")).isPresent();
        assertTrue(
                output.startsWith("devices 0 fault " + fault + " problem no OpenCL library: "),
                output);
        assertTrue(output.contains("libOffloadStreamHasNone.so"), output);
        assertEquals(output.lines().count(), 1, output);
        // The JVM itself warns about native libraries from JDK 24 on
        List<String> complaints =
                Files.readAllLines(folder.resolve("stderr")).stream()
                        .filter(line -> !line.startsWith("WARNING: ") && !line.isBlank())
                        .toList();
        assertEquals(complaints, List.of());
    }

    @Test
    public void onlyAFileOfAGpuMakesItWorthLooking() throws IOException {
        assertTrue(OpenClDriver.mayHaveGpu(false, folder), "no such files elsewhere");
        assertFalse(OpenClDriver.mayHaveGpu(true, folder));
        for (String other : new String[] {"null", "nvidia-modeset", "kfd0"}) {
            Files.createFile(folder.resolve(other));
        }
        assertFalse(OpenClDriver.mayHaveGpu(true, folder));
        for (String gpu : new String[] {"kfd", "nvidia0", "nvidiactl", "dxg", "mali0"}) {
            Path file = Files.createFile(folder.resolve(gpu));
            assertTrue(OpenClDriver.mayHaveGpu(true, folder), gpu);
            GpuDriver.Discovery missing =
                    GpuDriver.Discovery.missing("none", OpenClDriver.gpuFile(folder));
            assertTrue(missing.isFault(), gpu);
            assertEquals(missing.problem(), "none, though there is " + file);
            Files.delete(file);
        }
        Path dri = Files.createDirectory(folder.resolve("dri"));
        Path card = Files.createFile(dri.resolve("card0"));
        assertFalse(OpenClDriver.mayHaveGpu(true, folder));
        Path render = Files.createFile(dri.resolve("renderD128"));
        assertTrue(OpenClDriver.mayHaveGpu(true, folder));
        assertEquals(OpenClDriver.gpuFile(folder), Optional.of(render));
        Files.delete(render);
        Files.delete(card);
        assertEquals(
                GpuDriver.Discovery.missing("none", OpenClDriver.gpuFile(folder)),
                GpuDriver.Discovery.absent("none"));
    }

    @Test
    public void discoveryNamesThisDriver() {
        GpuDriver driver = new OpenClDriver();
        assertEquals(driver.name(), "opencl");
        GpuDriver.Discovery discovery = driver.discover();
        boolean served = !discovery.devices().isEmpty() && !discovery.isFault();
        assertEquals(discovery.problem().isEmpty(), served, discovery.problem());
    }

    @Test
    public void gpuThatNoDriverServesIsAFaultBesideProcessorsToo() {
        Optional<Path> file = Optional.of(Path.of("kfd"));
        List<GpuInfo> processor = List.of(device("PoCL", false));
        List<GpuInfo> both = List.of(processor.get(0), device("Radeon", true));
        assertEquals(
                OpenClDriver.discovery(processor, "Radeon: too old", true, file),
                new GpuDriver.Discovery(processor, "Radeon: too old", true));
        assertEquals(
                OpenClDriver.discovery(processor, "", false, file),
                new GpuDriver.Discovery(
                        processor, "its drivers show processors only, though there is kfd", true));
        GpuDriver.Discovery noGpu = new GpuDriver.Discovery(processor, "", false);
        assertEquals(OpenClDriver.discovery(processor, "", false, Optional.empty()), noGpu);
        assertEquals(
                OpenClDriver.discovery(both, "other: too old", true, file),
                new GpuDriver.Discovery(both, "", false));
        assertEquals(
                OpenClDriver.discovery(List.of(), "Radeon: too old", true, Optional.empty()),
                new GpuDriver.Discovery(List.of(), "Radeon: too old", true));
        assertEquals(
                OpenClDriver.discovery(List.of(), "none", false, file),
                GpuDriver.Discovery.missing("none", file));
    }

    private static GpuInfo device(String name, boolean isGpu) {
        return new GpuInfo("opencl", 0, name, "vendor", 9, 8, "OpenCL 3.0", "1.0", "", isGpu);
    }
}
