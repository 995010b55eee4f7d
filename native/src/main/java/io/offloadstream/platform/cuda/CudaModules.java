/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.cuda.KernelBinaries.Found;
import io.offloadstream.platform.cuda.KernelBinaries.Image;
import io.offloadstream.platform.gpu.GpuKernel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import jcuda.driver.CUjit_option;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;
import jcuda.driver.JITOptions;
import org.slf4j.Logger;

/** The kernels of a device, loaded when it opens. Thread-safe once made. */
final class CudaModules implements AutoCloseable {

    private static final int LOG_BYTES = 16 << 10;

    private final CudaContext context;
    private final Map<String, CUmodule> modules = new HashMap<>();

    /**
     * Compiles and loads modules for the card.
     *
     * @param context of the device
     * @param binaries where they come from
     * @param sources by the name of the module
     * @param logger gets one WARN if what is best for the card is refused, by the compiler or by
     *     the driver, and another is loaded
     * @throws DeviceException if one does not compile or load; the message has the log
     */
    CudaModules(
            CudaContext context,
            KernelBinaries binaries,
            Map<String, String> sources,
            Logger logger) {
        this.context = context;
        List<String> refusals = new ArrayList<>();
        boolean loaded = false;
        try {
            // Compiling takes seconds at the first start; the driver's calls stay on this thread
            Map<String, Found> found =
                    sources.entrySet().parallelStream()
                            .collect(
                                    Collectors.toConcurrentMap(
                                            Map.Entry::getKey,
                                            source ->
                                                    binaries.of(
                                                            source.getKey(), source.getValue())));
            for (String name : sources.keySet()) {
                modules.put(name, load(name, found.get(name), refusals));
            }
            if (!refusals.isEmpty()) {
                logger.warn(
                        "the best kernels of {} modules were refused, and others loaded: {}",
                        refusals.size(),
                        refusals.get(0));
            }
            loaded = true;
        } finally {
            if (!loaded) {
                close();
            }
        }
    }

    /** Loads the first image that the driver takes, and adds a line for one that it refuses. */
    private CUmodule load(String name, Found found, List<String> refusals) {
        DeviceException refused = found.refusal();
        for (Image image : found.images()) {
            try {
                CUmodule module = load(name, image);
                if (refused != null) {
                    refusals.add(refused.getMessage().replaceAll("\\s+", " "));
                }
                return module;
            } catch (DeviceException e) {
                if (context.isLost()) {
                    throw e;
                }
                if (refused == null) {
                    refused = e;
                } else {
                    refused.addSuppressed(e);
                }
            }
        }
        throw refused;
    }

    private CUmodule load(String name, Image image) {
        context.use();
        byte[] bytes = image.bytes();
        JITOptions options = new JITOptions();
        options.putBytes(CUjit_option.CU_JIT_ERROR_LOG_BUFFER, new byte[LOG_BYTES]);
        options.putInt(CUjit_option.CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES, LOG_BYTES);
        CUmodule module = new CUmodule();
        // PTX is text that ends with a zero
        try (Memory copy = new Memory(bytes.length + 1L)) {
            copy.write(0, bytes, 0, bytes.length);
            copy.setByte(bytes.length, (byte) 0);
            int result =
                    JCudaDriver.cuModuleLoadDataJIT(
                            module, new HostPointer(Pointer.nativeValue(copy)), options);
            if (result != CudaResult.SUCCESS) {
                String log = options.getString(CUjit_option.CU_JIT_ERROR_LOG_BUFFER);
                throw context.failure(
                        result,
                        "loading the kernels of " + name + " from " + image.origin() + "\n" + log);
            }
        }
        return module;
    }

    /**
     * Tells whether a module was loaded.
     *
     * @param module its name
     * @return true if {@link #kernel} finds its kernels
     */
    boolean has(String module) {
        return modules.containsKey(module);
    }

    /**
     * Returns a kernel with arguments of its own.
     *
     * @param module its module
     * @param name its name
     * @return the kernel, for the caller to close
     * @throws DeviceException if there is none of that name
     */
    GpuKernel kernel(String module, String name) {
        context.use();
        CUmodule loaded = modules.get(module);
        CudaKernel.Handle function = new CudaKernel.Handle();
        int result =
                loaded == null
                        ? CudaResult.NOT_FOUND
                        : JCudaDriver.cuModuleGetFunction(function, loaded, name);
        if (result == CudaResult.NOT_FOUND) {
            throw new DeviceException(
                    "there is no kernel "
                            + name
                            + " in the module "
                            + module
                            + "; modules: "
                            + modules.keySet().stream().sorted().toList());
        }
        context.check(result, "cuModuleGetFunction of " + name);
        return new CudaKernel(
                context,
                module + "." + name,
                function,
                context.library().parameterBytes(function.value()));
    }

    @Override
    public void close() {
        context.makeCurrent();
        for (CUmodule module : modules.values()) {
            JCudaDriver.cuModuleUnload(module);
        }
        modules.clear();
    }
}
