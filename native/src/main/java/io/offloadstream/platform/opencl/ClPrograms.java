/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import static org.lwjgl.opencl.CL10.CL_PROGRAM_BINARIES;
import static org.lwjgl.opencl.CL10.CL_PROGRAM_BINARY_SIZES;
import static org.lwjgl.opencl.CL10.CL_PROGRAM_BUILD_LOG;
import static org.lwjgl.opencl.CL10.clReleaseProgram;
import static org.lwjgl.opencl.CL10.nclBuildProgram;
import static org.lwjgl.opencl.CL10.nclCreateKernel;
import static org.lwjgl.opencl.CL10.nclCreateProgramWithBinary;
import static org.lwjgl.opencl.CL10.nclCreateProgramWithSource;
import static org.lwjgl.opencl.CL10.nclGetProgramBuildInfo;
import static org.lwjgl.opencl.CL10.nclGetProgramInfo;

import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.gpu.KernelCache;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.system.MemoryUtil;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The compiled modules of a context, by name. */
final class ClPrograms implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(ClPrograms.class);

    /** Nothing that trades digits for speed. */
    private static final String OPTIONS = "-cl-std=CL1.2";

    /** Builds of nothing after which a driver has installed its handlers, if it ever does. */
    private static final int TRIALS = 3;

    /** Platforms whose handlers have been replaced by those that were there before. */
    private static final Set<Long> CALMED = ConcurrentHashMap.newKeySet();

    private final ClContext context;
    private final Map<String, Long> programs = new TreeMap<>();
    private int fromCache;

    private ClPrograms(ClContext context) {
        this.context = context;
    }

    /**
     * Compiles all modules, or takes them from the cache.
     *
     * @throws DeviceException if one does not compile; the message has the log
     */
    static ClPrograms build(ClContext context, Map<String, String> sources, KernelCache cache) {
        ClPrograms built = new ClPrograms(context);
        boolean complete = false;
        long start = System.nanoTime();
        calm(context);
        SignalHandlers handlers = SignalHandlers.keep();
        try {
            sources.forEach((module, source) -> built.add(module, source, cache));
            complete = true;
        } finally {
            handlers.restore();
            if (!complete) {
                built.close();
            }
        }
        LOG.debug(
                "{}: {} modules of kernels, {} from the cache, in {} ms",
                context.device.info().name(),
                built.programs.size(),
                built.fromCache,
                (System.nanoTime() - start) / 1_000_000);
        return built;
    }

    /**
     * Has the driver install its handlers of signals now, and puts the old ones back: LLVM does so
     * once, by its own count, also when a kernel is compiled in a thread of the driver's at its
     * first launch.
     */
    private static void calm(ClContext context) {
        if (!CALMED.add(context.device.platform())) {
            return;
        }
        ClPrograms trials = new ClPrograms(context);
        SignalHandlers handlers = SignalHandlers.keep();
        try {
            for (int i = 0; i < TRIALS && !handlers.areReplaced(); i++) {
                long program = trials.create("__kernel void nothing() {}\n");
                trials.compile(program);
                clReleaseProgram(program);
            }
        } finally {
            handlers.restore();
        }
    }

    private void add(String module, String source, KernelCache cache) {
        String key = KernelCache.key("opencl", source, OPTIONS, context.device.compiler());
        byte[] binary = cache.load(key);
        long program = binary == null || binary.length == 0 ? 0 : load(binary);
        if (program != 0) {
            fromCache++;
            programs.put(module, program);
            return;
        }
        program = create(source);
        programs.put(module, program); // from here on closing frees it
        int status = compile(program);
        String log = log(program);
        if (status != 0) {
            throw new DeviceException(
                    "kernels "
                            + module
                            + " do not compile on "
                            + context.device.info().name()
                            + " (driver "
                            + context.device.info().driverVersion()
                            + "): "
                            + ClStatus.name(status)
                            + "\n"
                            + log);
        }
        if (!log.isEmpty()) {
            LOG.debug("kernels {}: {}", module, log);
        }
        byte[] made = binary(program);
        if (made.length > 0) {
            cache.store(key, made);
        }
    }

    private long create(String source) {
        ByteBuffer text = MemoryUtil.memUTF8(source, false);
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long status = stack.ncalloc(Integer.BYTES, 1, Integer.BYTES);
            long program =
                    nclCreateProgramWithSource(
                            context.handle,
                            1,
                            stack.pointers(MemoryUtil.memAddress(text)).address(),
                            stack.pointers(text.remaining()).address(),
                            status);
            ClStatus.check(MemoryUtil.memGetInt(status), "clCreateProgramWithSource");
            return program;
        } finally {
            MemoryUtil.memFree(text);
        }
    }

    private int compile(long program) {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            return nclBuildProgram(
                    program,
                    1,
                    stack.pointers(context.device.id()).address(),
                    MemoryUtil.memAddress(stack.ASCII(OPTIONS)),
                    0,
                    0);
        }
    }

    /** Returns a program from a binary, or 0 where the driver does not take it. */
    private long load(byte[] binary) {
        ByteBuffer bytes = MemoryUtil.memAlloc(binary.length);
        try (MemoryStack stack = MemoryStack.stackPush()) {
            bytes.put(binary).flip();
            long status = stack.ncalloc(Integer.BYTES, 2, Integer.BYTES);
            long program =
                    nclCreateProgramWithBinary(
                            context.handle,
                            1,
                            stack.pointers(context.device.id()).address(),
                            stack.pointers(binary.length).address(),
                            stack.pointers(MemoryUtil.memAddress(bytes)).address(),
                            status,
                            status + Integer.BYTES);
            if (MemoryUtil.memGetInt(status + Integer.BYTES) != 0 || program == 0) {
                return 0;
            }
            if (MemoryUtil.memGetInt(status) != 0 || compile(program) != 0) {
                clReleaseProgram(program);
                return 0;
            }
            return program;
        } finally {
            MemoryUtil.memFree(bytes);
        }
    }

    /** Returns what the driver made of a program; empty where it does not say. */
    private static byte[] binary(long program) {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long size = stack.ncalloc(Long.BYTES, 1, Long.BYTES);
            int status = nclGetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, Long.BYTES, size, 0);
            int length = status == 0 ? Math.toIntExact(MemoryUtil.memGetLong(size)) : 0;
            byte[] binary = new byte[length];
            if (length > 0) {
                ByteBuffer bytes = MemoryUtil.memAlloc(length);
                try {
                    long targets = stack.pointers(MemoryUtil.memAddress(bytes)).address();
                    ClStatus.check(
                            nclGetProgramInfo(program, CL_PROGRAM_BINARIES, Long.BYTES, targets, 0),
                            "asking for compiled kernels");
                    bytes.get(binary);
                } finally {
                    MemoryUtil.memFree(bytes);
                }
            }
            return binary;
        }
    }

    private String log(long program) {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long size = stack.ncalloc(Long.BYTES, 1, Long.BYTES);
            long device = context.device.id();
            nclGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, 0, 0, size);
            ByteBuffer text = MemoryUtil.memCalloc((int) MemoryUtil.memGetAddress(size) + 1);
            try {
                nclGetProgramBuildInfo(
                        program,
                        device,
                        CL_PROGRAM_BUILD_LOG,
                        text.capacity() - 1L,
                        MemoryUtil.memAddress(text),
                        0);
                return StandardCharsets.UTF_8.decode(text).toString().replace("\0", "").strip();
            } finally {
                MemoryUtil.memFree(text);
            }
        }
    }

    boolean has(String module) {
        return programs.containsKey(module);
    }

    /** Returns how many modules were not compiled, since the cache had them. */
    int fromCache() {
        return fromCache;
    }

    /** Makes a kernel object of a module. */
    ClKernel kernel(ClContext user, String module, String name) {
        Long program = programs.get(module);
        if (program == null) {
            throw new DeviceException(
                    "there is no module "
                            + module
                            + " of kernels for OpenCL; there are: "
                            + programs.keySet());
        }
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long status = stack.ncalloc(Integer.BYTES, 1, Integer.BYTES);
            long text = MemoryUtil.memAddress(stack.ASCII(name));
            long kernel = nclCreateKernel(program, text, status);
            int code = MemoryUtil.memGetInt(status);
            if (code != 0) {
                throw ClStatus.failure(code, "kernel " + name + " of module " + module);
            }
            return new ClKernel(user, module + "." + name, kernel);
        }
    }

    @Override
    public void close() {
        programs.values().forEach(program -> clReleaseProgram(program));
        programs.clear();
    }
}
