/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.KernelCache;
import io.offloadstream.platform.gpu.KernelSources;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.testng.SkipException;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.Test;

/**
 * Which compiler and which binaries a card gets. The module {@code bundled} is in the test's class
 * path as in a jar: machine code for sm_90, which the fake driver refuses, and PTX, which it loads.
 */
public class KernelBinariesTest {

    private static final String BUNDLED = "bundled";

    private Path folder;

    @BeforeClass
    public void makeFolder() throws IOException {
        folder = Files.createTempDirectory("kernel-binaries");
    }

    @AfterClass(alwaysRun = true)
    public void deleteFolder() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(file);
            }
        }
    }

    /** A fake NVRTC of its own, for a library that is loaded twice has one state. */
    private String nvrtc(String name, int first, int second, int third) throws IOException {
        Path copy = folder.resolve(name);
        Files.copy(Path.of(FakeCuda.file("fakenvrtc")), copy);
        NativeLibrary.getInstance(copy.toString())
                .getFunction("fake_architectures")
                .invokeVoid(new Object[] {first, second, third});
        return copy.toString();
    }

    @Test
    public void newestVersionComesFirstWhereverItIs() throws IOException {
        if (Platform.isWindows() || Platform.isMac()) {
            throw new SkipException("the names are Linux's");
        }
        Path toolkit = Files.createDirectory(folder.resolve("lib64"));
        Path newer = Files.createFile(toolkit.resolve("libnvrtc.so.12"));
        Path older = Files.createFile(toolkit.resolve("libnvrtc.so.11.2"));
        Files.createFile(toolkit.resolve("libnvrtc.so.13"));
        assertEquals(
                Nvrtc.candidates(12, List.of(toolkit)),
                List.of(
                        "libnvrtc.so.12",
                        newer.toString(),
                        "libnvrtc.so.11.2",
                        older.toString(),
                        "libnvrtc.so.11"));
        assertEquals(Nvrtc.candidates(13, List.of()).get(0), "libnvrtc.so.13");
    }

    @Test
    public void compilerThatKnowsTheCardIsPreferred() throws IOException {
        String older = nvrtc("older", 60, 80, 90);
        String newer = nvrtc("newer", 75, 80, 120);
        List<String> both = List.of("no-such-nvrtc", newer, older);
        assertTrue(Nvrtc.choose(both, 120).orElseThrow().knows(120));
        assertTrue(Nvrtc.choose(both, 90).orElseThrow().knows(90), "the first makes PTX only");
        assertTrue(Nvrtc.choose(both, 80).orElseThrow().knows(75), "both know it");
        assertTrue(Nvrtc.choose(both, 110).orElseThrow().knows(75), "both make PTX");
        assertTrue(Nvrtc.choose(both, 61).orElseThrow().knows(60), "the first makes nothing");
        assertEquals(Nvrtc.choose(both, 50), Optional.empty());
    }

    @Test
    public void machineCodeOfTheJarComesBeforePtxOfACompilerThatDoesNotKnowTheCard()
            throws IOException {
        Nvrtc compiler = Nvrtc.choose(List.of(nvrtc("compiler", 60, 80, 90)), 90).orElseThrow();
        Nvrtc other = Nvrtc.choose(List.of(nvrtc("other", 60, 75, 80)), 80).orElseThrow();
        String compiled = "NVRTC 12.4";
        String machineCode = "sm_90 of the jar";
        String ptx = "PTX of the jar";
        assertEquals(origins(compiler, 90), List.of(compiled, machineCode, ptx));
        assertEquals(origins(other, 90), List.of(machineCode, ptx));
        assertEquals(origins(null, 90), List.of(machineCode, ptx));
        assertEquals(origins(other, 120), List.of(compiled, ptx));
        assertEquals(origins(null, 120), List.of(ptx));
    }

    private List<String> origins(Nvrtc nvrtc, int capability) {
        return binaries(nvrtc, capability).of(BUNDLED, source()).images().stream()
                .map(KernelBinaries.Image::origin)
                .toList();
    }

    private KernelBinaries binaries(Nvrtc nvrtc, int capability) {
        return new KernelBinaries(nvrtc, new KernelCache(folder), capability, "550");
    }

    private static String source() {
        return KernelSources.source("cuda", "probe.cl", FakeCuda.read("probe.cl"));
    }

    @Test
    public void refusedBinaryIsOneWarnAndTheNextIsLoaded() throws IOException {
        List<String> logged = new ArrayList<>();
        Nvrtc compiler = Nvrtc.choose(List.of(nvrtc("working", 60, 80, 90)), 90).orElseThrow();
        try (FakeCuda fake = FakeCuda.install();
                Gpu computes = fake.open()) {
            DriverLibrary library = DriverLibrary.open();
            CudaContext context = new CudaContext(library, computes.info());
            try {
                load(context, binaries(compiler, 90), logged).close();
                assertEquals(logged, List.of());
                try (CudaModules modules = load(context, binaries(null, 90), logged)) {
                    modules.kernel(BUNDLED, "bundled").close();
                }
                assertEquals(logged.size(), 1, logged.toString());
                String line = logged.get(0);
                assertTrue(line.startsWith("warn"), line);
                assertTrue(line.contains("bundled from sm_90 of the jar"), line);
                assertEquals(line.lines().count(), 1, line);
                fake.fail("cuModuleLoadDataEx", 2, 1);
                DeviceException e =
                        expectThrows(
                                DeviceException.class,
                                () -> load(context, binaries(null, 90), logged));
                assertTrue(e.getMessage().contains("sm_90 of the jar"), e.getMessage());
                assertTrue(e.getSuppressed()[0].getMessage().contains("PTX of the jar"));
            } finally {
                context.release();
            }
        }
    }

    @Test
    public void compilerThatFailsIsOneWarnWhereTheJarHasKernels() throws IOException {
        List<String> logged = new ArrayList<>();
        Nvrtc compiler = Nvrtc.choose(List.of(nvrtc("broken", 60, 80, 90)), 90).orElseThrow();
        String broken = source() + "#error";
        try (FakeCuda fake = FakeCuda.install();
                Gpu computes = fake.open()) {
            CudaContext context = new CudaContext(DriverLibrary.open(), computes.info());
            try {
                load(context, binaries(compiler, 90), BUNDLED, broken, logged).close();
                assertEquals(logged.size(), 1, logged.toString());
                String line = logged.get(0);
                assertTrue(line.startsWith("warn"), line);
                assertTrue(line.contains("bundled do not compile with NVRTC 12.4"), line);
                DeviceException e =
                        expectThrows(
                                DeviceException.class,
                                () ->
                                        load(
                                                context,
                                                binaries(compiler, 90),
                                                "unbundled",
                                                broken,
                                                logged));
                assertTrue(e.getMessage().contains("unbundled do not compile"), e.getMessage());
            } finally {
                context.release();
            }
        }
    }

    private static CudaModules load(
            CudaContext context, KernelBinaries binaries, List<String> logged) {
        return load(context, binaries, BUNDLED, source(), logged);
    }

    private static CudaModules load(
            CudaContext context,
            KernelBinaries binaries,
            String module,
            String source,
            List<String> logged) {
        return new CudaModules(context, binaries, Map.of(module, source), logger(logged));
    }

    private static Logger logger(List<String> logged) {
        return (Logger)
                Proxy.newProxyInstance(
                        Logger.class.getClassLoader(),
                        new Class<?>[] {Logger.class},
                        (proxy, method, arguments) -> {
                            logged.add(method.getName() + " " + Arrays.deepToString(arguments));
                            return null;
                        });
    }

    @Test
    public void cubinOfTheSameMajorVersionRuns() {
        assertEquals(KernelBinaries.cubinCapability(90), Optional.of(90));
        assertEquals(KernelBinaries.cubinCapability(87), Optional.of(86));
        assertEquals(KernelBinaries.cubinCapability(121), Optional.of(120));
        assertEquals(KernelBinaries.cubinCapability(100), Optional.empty(), "PTX");
        assertEquals(KernelBinaries.cubinCapability(61), Optional.empty(), "PTX");
    }
}
