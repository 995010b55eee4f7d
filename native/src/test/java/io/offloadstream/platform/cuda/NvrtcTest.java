/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.gpu.KernelCache;
import io.offloadstream.platform.gpu.KernelSources;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.testng.SkipException;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** The kernels by the real NVRTC, which needs no card. */
public class NvrtcTest {

    /** Modules whose kernels take the time of a pass: registers must do. */
    private static final List<String> HOT = List.of("decode", "prefill", "linear", "attention");

    /** What ptxas says of a kernel that keeps registers in memory. */
    private static final String NO_SPILL = " 0 bytes spill stores, 0 bytes spill loads";

    private Nvrtc nvrtc;

    @BeforeClass
    public void findNvrtc() {
        nvrtc =
                Nvrtc.find(99000, 90)
                        .orElseThrow(() -> new SkipException("no NVRTC on this machine"));
    }

    @DataProvider(parallel = true)
    public Object[][] targets() {
        List<Object[]> targets = new ArrayList<>();
        for (int capability : new int[] {75, 80, 90}) {
            for (String module : KernelSources.commonModules()) {
                targets.add(new Object[] {module, capability});
            }
            for (String module : KernelSources.cudaModules(capability)) {
                targets.add(new Object[] {module, capability});
            }
        }
        return targets.toArray(new Object[0][]);
    }

    @Test(dataProvider = "targets")
    public void everyModuleCompilesToMachineCode(String module, int capability) {
        List<String> options = new ArrayList<>(nvrtc.options(capability));
        options.add("-Xptxas=-v");
        Nvrtc.Binary binary = nvrtc.compile(module, KernelSources.source("cuda", module), options);
        assertFalse(binary.isPtx());
        assertElf(binary.image());
        List<String> reports =
                binary.log().lines().filter(line -> line.contains("spill stores")).toList();
        assertFalse(reports.isEmpty(), binary.log());
        if (HOT.stream().anyMatch(hot -> module.startsWith(hot))) {
            for (String report : reports) {
                assertTrue(report.contains(NO_SPILL), module + ": " + binary.log());
            }
        }
    }

    private static void assertElf(byte[] image) {
        assertEquals(new String(image, 1, 3, StandardCharsets.US_ASCII), "ELF");
    }

    @Test
    public void unknownCardGetsPtx() {
        String source = KernelSources.source("cuda", "probe.cl", FakeCuda.read("probe.cl"));
        List<String> options = nvrtc.options(999);
        Nvrtc.Binary binary = nvrtc.compile("probe", source, options);
        assertTrue(binary.isPtx());
        String text = new String(binary.image(), StandardCharsets.US_ASCII);
        assertTrue(text.contains(".visible .entry combine"), text);
    }

    @Test
    public void errorsCarryTheLogWithTheLineOfTheModule() {
        String source =
                KernelSources.source("cuda", "probe.cl", "HELPER int fine;\nint broken = ;\n");
        DeviceException e =
                expectThrows(
                        DeviceException.class,
                        () -> nvrtc.compile("probe", source, nvrtc.options(80)));
        assertTrue(e.getMessage().contains("probe.cl(2): error"), e.getMessage());
    }

    @Test
    public void secondTimeComesFromTheCache() throws IOException {
        Path folder = Files.createTempDirectory("nvrtc-cache");
        try {
            KernelCache cache = new KernelCache(folder);
            String source = KernelSources.source("cuda", "probe.cl", FakeCuda.read("probe.cl"));
            byte[] compiled =
                    new KernelBinaries(nvrtc, cache, 80, "550")
                            .of("probe", source)
                            .images()
                            .get(0)
                            .bytes();
            Path file = onlyFile(folder);
            byte[] replaced = {1, 2, 3};
            cache.store(file.getFileName().toString(), replaced);
            assertEquals(
                    new KernelBinaries(nvrtc, cache, 80, "550")
                            .of("probe", source)
                            .images()
                            .get(0)
                            .bytes(),
                    replaced,
                    "compiled again");
            Files.write(file, new byte[] {9});
            assertEquals(
                    new KernelBinaries(nvrtc, cache, 80, "550")
                            .of("probe", source)
                            .images()
                            .get(0)
                            .bytes(),
                    compiled,
                    "a damaged file is compiled again");
            new KernelBinaries(nvrtc, cache, 90, "550").of("probe", source);
            new KernelBinaries(nvrtc, cache, 80, "560").of("probe", source);
            new KernelBinaries(nvrtc, cache, 80, "550").of("probe", source + "\n");
            try (Stream<Path> files = Files.list(folder)) {
                assertEquals(files.count(), 4, "card, driver and source make other keys");
            }
        } finally {
            delete(folder);
        }
    }

    private static Path onlyFile(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            List<Path> all = files.toList();
            assertEquals(all.size(), 1);
            return all.get(0);
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }

    @Test
    public void archiveHoldsEveryCardAndPtx() throws IOException {
        Path folder = Files.createTempDirectory("kernel-archive");
        try {
            String source = KernelSources.source("cuda", "probe.cl", FakeCuda.read("probe.cl"));
            String report = KernelArchive.build(folder, Map.of("probe", source));
            assertTrue(report.contains("CUDA kernels of the jar"), report);
            for (int capability : KernelBinaries.CAPABILITIES) {
                boolean known =
                        nvrtc.knows(capability)
                                || Nvcc.find().map(nvcc -> nvcc.knows(capability)).orElse(false);
                Path file = folder.resolve(KernelBinaries.cubinName("probe", capability));
                assertEquals(Files.exists(file), known, file.toString());
                if (known) {
                    assertElf(Files.readAllBytes(file));
                }
            }
            if (nvrtc.knows(KernelBinaries.PTX_CAPABILITY)) {
                String ptx = Files.readString(folder.resolve(KernelBinaries.ptxName("probe")));
                assertTrue(ptx.contains(".target sm_60"), ptx);
            }
            assertEquals(
                    KernelArchive.build(folder, Map.of("probe", source)),
                    "the CUDA kernels of the jar are up to date");
        } finally {
            delete(folder);
        }
    }
}
