/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.KernelCache;
import io.offloadstream.platform.gpu.KernelSources;
import io.offloadstream.platform.opencl.OpenClDriver;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import org.testng.SkipException;

/**
 * The driver and the NVRTC of src/test/c in the place of NVIDIA's until closed. The driver stays
 * loaded with the process: its state is reset here.
 */
final class FakeCuda implements AutoCloseable {

    static final int DRIVER_VERSION = 12040;
    static final long MEMORY_BYTES = 1L << 30;

    private final NativeLibrary driver;
    private final NativeLibrary nvrtc;

    private FakeCuda(String driver, String nvrtc) {
        this.driver = NativeLibrary.getInstance(driver);
        this.nvrtc = NativeLibrary.getInstance(nvrtc);
        System.setProperty(DriverLibrary.PROPERTY, driver);
        System.setProperty(Nvrtc.PROPERTY, nvrtc);
        System.setProperty(CublasGemm.PROPERTY, file("fakecublas"));
        System.setProperty(Nvml.PROPERTY, "no-such-nvml");
        fail("", 0, 0);
        set("version", DRIVER_VERSION);
        set("devices", 1);
        set("capability", 90);
        set("memory", MEMORY_BYTES);
        set("held_events", 0);
    }

    static {
        // the fake computes through OpenCL, whose compiler replaces the JVM's signal handlers the
        // first time; our own binding puts them back
        OpenClDriver opencl = new OpenClDriver();
        opencl.discover().devices().stream().limit(1).forEach(gpu -> opencl.open(gpu).close());
    }

    static FakeCuda install() {
        return new FakeCuda(file("fakecuda"), file("fakenvrtc"));
    }

    static String file(String name) {
        URL url =
                FakeCuda.class.getResource("/" + Platform.RESOURCE_PREFIX + "/lib" + name + ".so");
        if (url == null || !Platform.isIntel()) {
            throw new SkipException(
                    "no fake CUDA: built without a C compiler, or not on x86 Linux");
        }
        return Path.of(URI.create(url.toString())).toString();
    }

    /** The kernels of the tests, in {@code probe.cl} beside this. */
    CudaDriver driver() {
        return driver(read("probe.cl"));
    }

    /** A module {@code probe} of this text behind CUDA's preludes. */
    CudaDriver driver(String text) {
        return driver(text, KernelCache.ofUser());
    }

    CudaDriver driver(String text, KernelCache cache) {
        return new CudaDriver(
                capability ->
                        Map.of(
                                "probe",
                                KernelSources.source("cuda", "probe.cl", text),
                                "gemm_cuda",
                                KernelSources.source("cuda", "gemm_cuda")),
                cache);
    }

    Gpu open() {
        if (driver.getFunction("fake_computes").invokeInt(new Object[0]) == 0) {
            throw new SkipException("no OpenCL device for the kernels of the fake driver");
        }
        CudaDriver found = driver();
        return found.open(found.discover().devices().get(0));
    }

    static String read(String name) {
        try (InputStream resource = FakeCuda.class.getResourceAsStream(name)) {
            return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void set(String name, long value) {
        driver.getFunction("fake_set").invokeVoid(new Object[] {name, value});
    }

    long get(String name) {
        return driver.getFunction("fake_get").invokeLong(new Object[] {name});
    }

    /** Makes a call fail: the next one, or one after some that succeed. */
    void fail(String call, int result, int after) {
        driver.getFunction("fake_fail").invokeVoid(new Object[] {call, result, after});
    }

    /** How often the fake NVRTC compiled. */
    long compilations() {
        return nvrtc.getFunction("fake_compilations").invokeLong(new Object[0]);
    }

    @Override
    public void close() {
        System.clearProperty(DriverLibrary.PROPERTY);
        System.clearProperty(Nvrtc.PROPERTY);
        System.clearProperty(Nvml.PROPERTY);
        System.clearProperty(CublasGemm.PROPERTY);
    }
}
