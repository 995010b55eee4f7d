/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuDriver.Discovery;
import io.offloadstream.platform.gpu.GpuInfo;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.slf4j.Marker;
import org.slf4j.event.Level;
import org.slf4j.helpers.AbstractLogger;
import org.testng.annotations.Test;

public class DevicesTest {

    private static final int ANY = Backends.ANY_DEVICE;

    private static final GpuInfo H100 = gpu("cuda", 0, "H100", "0000:3b:00.0");
    private static final GpuInfo A10 = gpu("cuda", 1, "A10", "0000:af:00.0");
    private static final GpuInfo H100_BY_OPENCL = gpu("opencl", 1, "H100", "0000:3b:00.0");
    private static final GpuInfo RADEON = gpu("opencl", 2, "Radeon", "0000:65:00.0");
    private static final GpuInfo POCL = device("opencl", 0, "PoCL", "", false);

    private final RecordingLogger log = new RecordingLogger();

    private static GpuInfo gpu(String driver, int ordinal, String name, String pciAddress) {
        return device(driver, ordinal, name, pciAddress, true);
    }

    private static GpuInfo device(
            String driver, int ordinal, String name, String pciAddress, boolean isGpu) {
        return new GpuInfo(driver, ordinal, name, "vendor", 9, 8, "c", "1.0", pciAddress, isGpu);
    }

    private static FakeDriver cuda(GpuInfo... devices) {
        return new FakeDriver(
                "cuda", new Discovery(List.of(devices), devices.length == 0 ? "no card" : ""));
    }

    private static FakeDriver opencl(GpuInfo... devices) {
        return new FakeDriver(
                "opencl", new Discovery(List.of(devices), devices.length == 0 ? "no device" : ""));
    }

    private Devices devices(FakeDriver... drivers) {
        log.lines.clear();
        return new Devices(List.of(drivers), log);
    }

    private static Devices.Opened<Gpu> open(Devices devices, String backend, int number) {
        return devices.open(backend, number, Function.identity());
    }

    private static String names(Devices devices) {
        return devices.list().stream()
                .map(Devices.Entry::toString)
                .collect(Collectors.joining("; "));
    }

    @Test
    public void cardThatTwoDriversSeeIsOneAndProcessorsComeLastAndNeverCount() {
        Devices devices = devices(cuda(H100, A10), opencl(POCL, H100_BY_OPENCL, RADEON));
        assertEquals(
                names(devices),
                "0 H100 (cuda, opencl); 1 A10 (cuda); 2 Radeon (opencl); 3 PoCL (opencl)");
        assertEquals(devices.gpuCount(), 3);
        assertEquals(devices.list().get(0).info(), H100);
        assertTrue(devices.problems().isEmpty());
    }

    @Test
    public void devicesWithoutAnAddressAreNotTakenForOne() {
        Devices devices =
                devices(cuda(gpu("cuda", 0, "a", "")), opencl(gpu("opencl", 0, "b", ""), POCL));
        assertEquals(devices.gpuCount(), 2);
        assertEquals(devices.list().size(), 3);
    }

    @Test
    public void autoTakesCudaThenAGpuOfOpenClThenTheCpu() {
        assertChoice(devices(cuda(H100, A10), opencl(RADEON)).choose("auto", ANY), "cuda", 0, H100);
        assertChoice(
                devices(cuda(), opencl(POCL, RADEON)).choose("auto", ANY), "opencl", 0, RADEON);
        assertEquals(devices(cuda(), opencl(POCL)).choose("auto", ANY), DeviceChoice.CPU);
        assertEquals(devices(cuda(), opencl()).choose("auto", ANY), DeviceChoice.CPU);
    }

    @Test
    public void openClByNameTakesAGpuBeforeAProcessor() {
        Devices both = devices(cuda(H100, A10), opencl(POCL, H100_BY_OPENCL, RADEON));
        assertChoice(both.choose("opencl", ANY), "opencl", 0, H100_BY_OPENCL);
        assertChoice(both.choose("opencl", 3), "opencl", 3, POCL);
        assertFalse(both.choose("opencl", 3).isGpu());
        assertChoice(devices(cuda(H100), opencl(POCL)).choose("opencl", ANY), "opencl", 1, POCL);
    }

    @Test
    public void numberChoosesTheCardAndNameTheWayToIt() {
        Devices devices = devices(cuda(H100, A10), opencl(POCL, H100_BY_OPENCL, RADEON));
        assertChoice(devices.choose("auto", 0), "cuda", 0, H100);
        assertChoice(devices.choose("opencl", 0), "opencl", 0, H100_BY_OPENCL);
        assertChoice(devices.choose("cuda", 1), "cuda", 1, A10);
        assertChoice(devices.choose("auto", 2), "opencl", 2, RADEON);
        assertRefused(
                devices,
                "cuda",
                2,
                "backend=cuda does not reach device 2 Radeon (opencl); there are: 0 H100 (cuda,"
                        + " opencl), 1 A10 (cuda), 2 Radeon (opencl), 3 PoCL (opencl)");
        assertRefused(
                devices,
                "auto",
                9,
                "there is no device 9; there are: 0 H100 (cuda, opencl), 1 A10 (cuda), 2 Radeon"
                        + " (opencl), 3 PoCL (opencl)");
        assertRefused(
                devices(cuda(), opencl()),
                "auto",
                0,
                "there is no device 0; there are: none (cuda: no card; opencl: no device)");
        assertRefused(devices, "cpu", 0, "deviceId=0 with backend=cpu: the CPU has no number");
        assertRefused(devices, "metal", ANY, "backend=metal is not known; known: auto, cuda,");
    }

    @Test
    public void backendThatIsAskedForByNameIsRefusedWithTheReason() {
        Devices devices = devices(cuda(), opencl(RADEON));
        for (int number : new int[] {ANY, 0}) {
            DeviceException refused =
                    expectThrows(DeviceException.class, () -> devices.choose("cuda", number));
            assertEquals(
                    refused.getMessage(),
                    "backend=cuda is not available: no card; mend that, or use backend=auto");
        }
        assertEquals(devices.problems(), Map.of("cuda", "no card"));
        assertTrue(log.lines.isEmpty(), log.lines.toString());
    }

    @Test
    public void autoWarnsOnceOfADriverThatIsBrokenAndNotWhereNothingIsThere() {
        Devices broken = devices(cuda(), opencl(RADEON));
        broken.choose("auto", ANY);
        assertEquals(
                log.lines,
                List.of("WARN backend cuda is not available: no card; looking for another"));
        FakeDriver absent = new FakeDriver("cuda", Discovery.absent("no NVIDIA driver"));
        devices(absent, opencl(POCL)).choose("auto", ANY);
        assertEquals(
                log.lines,
                List.of(
                        "INFO backend cuda has no GPU: no NVIDIA driver",
                        "INFO backend opencl has no GPU"));
    }

    @Test
    public void autoWarnsOfAGpuThatIsNotServedBesideAProcessorWhichNameStillTakes() {
        Discovery unserved = new Discovery(List.of(POCL), "Radeon: too old", true);
        Devices devices = devices(cuda(H100), new FakeDriver("opencl", unserved));
        assertChoice(devices.choose("opencl", ANY), "opencl", 1, POCL);
        assertChoice(devices.choose("auto", ANY), "cuda", 0, H100);
        assertEquals(log.lines, List.of());
        devices = devices(new FakeDriver("opencl", unserved));
        assertEquals(devices.choose("auto", ANY), DeviceChoice.CPU);
        assertEquals(
                log.lines,
                List.of(
                        "WARN backend opencl is not available: it has no GPU: Radeon: too old;"
                                + " looking for another"));
    }

    @Test
    public void autoWarnsOfACardThatDoesNotOpenAndTriesTheNextBackend() {
        FakeDriver cuda = cuda(H100, A10);
        FakeDriver opencl = opencl(POCL, RADEON);
        Devices devices = devices(cuda, opencl);
        cuda.refusal = "no kernels for it";
        opencl.opens = true;
        Devices.Opened<Gpu> opened = open(devices, "auto", ANY);
        assertChoice(opened.choice(), "opencl", 2, RADEON);
        assertTrue(opened.device().isPresent());
        String first =
                "WARN backend cuda is not available: H100 does not open: no kernels for it;"
                        + " looking for another";
        assertEquals(
                log.lines.stream().filter(line -> line.startsWith("WARN")).toList(),
                List.of(first));

        log.lines.clear();
        opencl.opens = false;
        opencl.refusal = "its compiler crashed";
        assertEquals(
                open(devices, "auto", ANY),
                new Devices.Opened<Gpu>(DeviceChoice.CPU, Optional.empty()));
        assertEquals(
                log.lines.stream().filter(line -> line.startsWith("WARN")).toList(),
                List.of(
                        first,
                        "WARN backend opencl is not available: Radeon does not open: its compiler"
                                + " crashed; looking for another"));
    }

    @Test
    public void autoPassesOverACardThatOpensButCannotBeTaken() {
        FakeDriver cuda = cuda(H100);
        FakeDriver opencl = opencl(RADEON);
        cuda.opens = true;
        opencl.opens = true;
        Devices devices = devices(cuda, opencl);
        List<Gpu> offered = new ArrayList<>();
        Devices.Opened<Integer> opened =
                devices.open(
                        "auto",
                        ANY,
                        gpu -> {
                            offered.add(gpu);
                            if (offered.size() == 1) {
                                throw new DeviceException("no memory for a stream");
                            }
                            return offered.size();
                        });
        assertChoice(opened.choice(), "opencl", 1, RADEON);
        assertEquals(opened.device(), Optional.of(2));
        assertEquals(
                log.lines.stream().filter(line -> line.startsWith("WARN")).toList(),
                List.of(
                        "WARN backend cuda is not available: H100 does not open: no memory for a"
                                + " stream; looking for another"));
    }

    @Test
    public void whatWasAskedForByNameOrNumberIsNotReplaced() {
        Devices devices = devices(cuda(H100), opencl(RADEON));
        for (String backend : List.of("cuda", "opencl")) {
            expectThrows(DeviceException.class, () -> open(devices, backend, ANY));
        }
        expectThrows(DeviceException.class, () -> open(devices, "auto", 0));
        assertEquals(log.lines, List.of());
        assertEquals(open(devices, "cpu", ANY).choice(), DeviceChoice.CPU);
    }

    @Test
    public void driversSleepUntilTheyAreNeededAndAreAskedOnce() {
        FakeDriver cuda = cuda(H100);
        FakeDriver opencl = opencl(POCL, RADEON);
        Devices devices = devices(cuda, opencl);
        devices.choose("cpu", ANY);
        assertEquals(cuda.discoveries, 0);
        devices.choose("auto", ANY);
        devices.choose("cuda", ANY);
        assertEquals(opencl.discoveries, 0);
        assertEquals(devices.gpuCount(), 2);
        devices.list();
        assertEquals(devices.gpuCount(), 2);
        assertEquals(cuda.discoveries, 1);
        assertEquals(opencl.discoveries, 1);
    }

    @Test
    public void driverWithoutASignOfAGpuSleepsUnlessAskedForByNameOrList() {
        FakeDriver opencl = opencl(POCL);
        opencl.mayHaveGpu = false;
        Devices devices = devices(cuda(), opencl);
        assertEquals(devices.choose("auto", ANY), DeviceChoice.CPU);
        assertEquals(devices.gpuCount(), 0);
        assertEquals(opencl.discoveries, 0);
        assertChoice(devices.choose("opencl", ANY), "opencl", 0, POCL);
        assertEquals(names(devices), "0 PoCL (opencl)");
    }

    private static void assertChoice(
            DeviceChoice choice, String backend, int number, GpuInfo info) {
        assertEquals(choice.backend(), backend);
        assertEquals(choice.number(), number);
        assertEquals(choice.info().orElseThrow(), info);
        assertEquals(choice.isGpu(), info.isGpu());
    }

    private static void assertRefused(Devices devices, String backend, int number, String start) {
        IllegalArgumentException refused =
                expectThrows(IllegalArgumentException.class, () -> devices.choose(backend, number));
        assertTrue(refused.getMessage().startsWith(start), refused.getMessage());
    }

    /** Keeps what is logged. */
    private static final class RecordingLogger extends AbstractLogger {

        private static final long serialVersionUID = 1;

        final transient List<String> lines = new ArrayList<>();

        @Override
        protected String getFullyQualifiedCallerName() {
            return null;
        }

        @Override
        protected void handleNormalizedLoggingCall(
                Level level, Marker marker, String message, Object[] arguments, Throwable cause) {
            lines.add(
                    level
                            + " "
                            + org.slf4j.helpers.MessageFormatter.basicArrayFormat(
                                    message, arguments));
        }

        @Override
        public boolean isTraceEnabled() {
            return true;
        }

        @Override
        public boolean isTraceEnabled(Marker marker) {
            return true;
        }

        @Override
        public boolean isDebugEnabled() {
            return true;
        }

        @Override
        public boolean isDebugEnabled(Marker marker) {
            return true;
        }

        @Override
        public boolean isInfoEnabled() {
            return true;
        }

        @Override
        public boolean isInfoEnabled(Marker marker) {
            return true;
        }

        @Override
        public boolean isWarnEnabled() {
            return true;
        }

        @Override
        public boolean isWarnEnabled(Marker marker) {
            return true;
        }

        @Override
        public boolean isErrorEnabled() {
            return true;
        }

        @Override
        public boolean isErrorEnabled(Marker marker) {
            return true;
        }
    }
}
