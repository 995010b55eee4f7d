/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import com.sun.jna.Platform;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.slf4j.Logger;
import org.testng.SkipException;
import org.testng.annotations.Test;

/** Tests of {@link KernelProvider} and of how {@link KernelLibrary} loads. */
public class KernelProviderTest {

    private final List<String> logged = new ArrayList<>();

    /** Keeps what is logged, with its level and arguments. */
    private Logger logger() {
        logged.clear();
        return (Logger)
                Proxy.newProxyInstance(
                        Logger.class.getClassLoader(),
                        new Class<?>[] {Logger.class},
                        (proxy, method, arguments) -> {
                            logged.add(method.getName() + " " + Arrays.deepToString(arguments));
                            return null;
                        });
    }

    private static Kernels open(String library) {
        return NativeKernels.open(library, "");
    }

    @Test
    public void javaModeNeverTouchesTheLibrary() {
        Kernels kernels =
                KernelProvider.choose(
                        "java",
                        () -> {
                            throw new AssertionError("the library was asked for");
                        },
                        logger());
        assertEquals(kernels.name(), "java");
        assertTrue(logged.isEmpty());
    }

    @Test
    public void autoAndNativeModeTakeTheLibraryWhereItIs() {
        if (KernelProviderTest.class.getResource("/" + Platform.RESOURCE_PREFIX) == null) {
            throw new SkipException("the native library was not built");
        }
        for (String mode : new String[] {"auto", "native"}) {
            Kernels kernels = KernelProvider.choose(mode, () -> open(KernelLibrary.NAME), logger());
            assertEquals(kernels.name(), "native " + KernelLibrary.instructionSets().get(0));
            assertTrue(logged.isEmpty());
        }
    }

    @Test
    public void autoModeWithABrokenLibraryWarnsOnceAndComputesInJava() throws IOException {
        Path broken = brokenLibrary();
        Kernels kernels = KernelProvider.choose("auto", () -> open(broken.toString()), logger());
        assertEquals(kernels.name(), "java");
        assertEquals(logged.size(), 1);
        assertTrue(logged.get(0).startsWith("warn"), logged.get(0));
        assertTrue(logged.get(0).contains(broken.toString()), logged.get(0));
        Files.delete(broken);
    }

    @Test
    public void nativeModeWithABrokenLibraryIsAnErrorThatSaysWhy() throws IOException {
        Path broken = brokenLibrary();
        OffloadStreamException e =
                expectThrows(
                        OffloadStreamException.class,
                        () ->
                                KernelProvider.choose(
                                        "native", () -> open(broken.toString()), logger()));
        assertTrue(e.getMessage().contains("cmake"), e.getMessage());
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
        assertTrue(logged.isEmpty());
        Files.delete(broken);
    }

    @Test
    public void missingLibraryIsAnError() {
        assertThrows(OffloadStreamException.class, () -> KernelLibrary.load("offloadstream-none"));
    }

    @Test
    public void libraryOfAnotherMakeIsAnError() {
        // A library of the JDK loads, but has no ofs_abi_version.
        String folder = Platform.isWindows() ? "bin" : "lib";
        String file = System.mapLibraryName("java");
        String other = Path.of(System.getProperty("java.home"), folder, file).toString();
        assertThrows(OffloadStreamException.class, () -> KernelLibrary.load(other));
    }

    @Test
    public void unknownModeAndInstructionSetListTheKnown() {
        IllegalArgumentException e =
                expectThrows(
                        IllegalArgumentException.class,
                        () -> KernelProvider.choose("fast", ReferenceKernels::new, logger()));
        assertTrue(e.getMessage().contains("auto, native, java"), e.getMessage());
        KernelData.everyInstructionSet();
        e =
                expectThrows(
                        IllegalArgumentException.class,
                        () -> NativeKernels.open(KernelLibrary.NAME, "mmx"));
        assertTrue(e.getMessage().contains("generic"), e.getMessage());
    }

    private static Path brokenLibrary() throws IOException {
        Path file = Files.createTempFile("broken", ".so");
        Files.writeString(file, "this is no library");
        return file;
    }
}
