/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import static org.lwjgl.opencl.CL10.clBuildProgram;
import static org.lwjgl.opencl.CL10.clCreateProgramWithSource;
import static org.lwjgl.opencl.CL10.clReleaseProgram;

import io.offloadstream.platform.SuppressForbidden;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuInfo;
import io.offloadstream.platform.gpu.KernelCache;

/** Run in a process of its own, whose handlers of signals nobody has replaced before. */
final class PrintSignals {

    /** PoCL replaces them when it compiles for the second time. */
    private static final int COMPILATIONS = 3;

    private PrintSignals() {}

    @SuppressForbidden("what it is for")
    public static void main(String[] args) {
        SignalHandlers before = SignalHandlers.now();
        GpuInfo info = TestDevice.find();
        boolean found = !before.areReplaced();
        try (Gpu gpu = TestDevice.driver(KernelCache.ofUser(), "vectors").open(info)) {
            boolean kept = found && !before.areReplaced();
            // As a driver may that compiles at a launch, when nobody looks
            ClContext context = ((OpenClGpu) gpu).context;
            for (int i = 0; i < COMPILATIONS; i++) {
                // A name that no cache of the driver's has
                String source = "__kernel void later_" + System.nanoTime() + "() {}";
                long program = clCreateProgramWithSource(context.handle, source, null);
                int status = clBuildProgram(program, context.device.id(), "", null, 0);
                ClStatus.check(status, "clBuildProgram");
                clReleaseProgram(program);
            }
            System.out.println(kept && !before.areReplaced() ? "kept" : "replaced");
        }
    }
}
