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
        GpuInfo info = TestDevice.find();
        SignalHandlers before = SignalHandlers.now();
        try (Gpu gpu = TestDevice.driver(KernelCache.ofUser(), "vectors").open(info)) {
            boolean kept = !before.areReplaced();
            // As a driver may that compiles at a launch, when nobody looks
            ClContext context = ((OpenClGpu) gpu).context;
            for (int i = 0; i < COMPILATIONS; i++) {
                String source = "__kernel void later() {}";
                long program = clCreateProgramWithSource(context.handle, source, null);
                int status = clBuildProgram(program, context.device.id(), "", null, 0);
                ClStatus.check(status, "clBuildProgram");
                clReleaseProgram(program);
            }
            System.out.println(kept && !before.areReplaced() ? "kept" : "replaced");
        }
    }
}
