/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import static org.testng.Assert.assertEquals;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import io.offloadstream.platform.cuda.CudaDriver;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.opencl.OpenClDriver;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.testng.SkipException;

/**
 * The driver that the native module's tests build, in the place of NVIDIA's until closed: it runs
 * the kernels by OpenCL. What serves CUDA, the kernels' text included, is what serves a card; only
 * the matrix units are not there. Tests have it from {@link CudaCard}, which prefers a card.
 */
final class FakeCard implements AutoCloseable {

    /** The last generation without the matrix units that kernels of our own are written for. */
    private static final long CAPABILITY = 70;

    private static final Map<String, String> LIBRARIES =
            Map.of(
                    "offloadstream.libcuda", "fakecuda",
                    "offloadstream.libnvrtc", "fakenvrtc",
                    "offloadstream.libcublas", "fakecublas");

    private static final String NVML = "offloadstream.libnvml";

    /** Loaded once it was wanted, and then for the life of the process. */
    private static NativeLibrary driver;

    static {
        // the fake computes through OpenCL, whose compiler replaces the JVM's signal handlers the
        // first time; our own binding puts them back
        OpenClDriver opencl = new OpenClDriver();
        opencl.discover().devices().stream().limit(1).forEach(gpu -> opencl.open(gpu).close());
    }

    /**
     * Puts it in the driver's place.
     *
     * @throws SkipException where it was not built
     */
    FakeCard() {
        Path fakes =
                Path.of(System.getProperty("offloadstream.fakes", ""), Platform.RESOURCE_PREFIX);
        Path file = fakes.resolve("libfakecuda.so");
        if (!Platform.isIntel() || !Files.exists(file)) {
            throw new SkipException(
                    "no fake CUDA: built without a C compiler, or not on x86 Linux");
        }
        load(file);
        if (call("fake_computes") == 0) {
            throw new SkipException("no OpenCL device for the kernels of the fake driver");
        }
        LIBRARIES.forEach(
                (name, library) ->
                        System.setProperty(
                                name, fakes.resolve("lib" + library + ".so").toString()));
        System.setProperty(NVML, "no-such-nvml");
        set("version", 12040);
        set("capability", CAPABILITY);
        set("memory", 1L << 30);
        set("devices", 1);
    }

    private static synchronized void load(Path file) {
        if (driver == null) {
            driver = NativeLibrary.getInstance(file.toString());
        }
    }

    private static long call(String function, Object... arguments) {
        return driver.getFunction(function).invokeInt(arguments);
    }

    private static void set(String name, long value) {
        driver.getFunction("fake_set").invokeVoid(new Object[] {name, value});
    }

    long get(String name) {
        return driver.getFunction("fake_get").invokeLong(new Object[] {name});
    }

    /** How many products the library has made. */
    long products() {
        return NativeLibrary.getInstance(System.getProperty("offloadstream.libcublas"))
                .getFunction("fake_products")
                .invokeLong(new Object[0]);
    }

    Gpu open() {
        CudaDriver cuda = new CudaDriver();
        return cuda.open(cuda.discover().devices().get(0));
    }

    /** Takes the card away from the tests that follow: the library stays loaded. */
    @Override
    public void close() {
        assertEquals(get("retained"), 0, "contexts that nobody released");
        assertEquals(get("device_bytes"), 0, "device memory that nobody freed");
        assertEquals(get("pinned_bytes"), 0, "pinned memory that nobody freed");
        set("devices", 0);
        LIBRARIES.keySet().forEach(System::clearProperty);
        System.clearProperty(NVML);
    }
}
