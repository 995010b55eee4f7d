/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import static org.lwjgl.opencl.CL10.CL_KERNEL_NUM_ARGS;
import static org.lwjgl.opencl.CL10.clReleaseKernel;
import static org.lwjgl.opencl.CL10.nclEnqueueNDRangeKernel;
import static org.lwjgl.opencl.CL10.nclGetKernelInfo;
import static org.lwjgl.opencl.CL10.nclSetKernelArg;

import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.gpu.GpuKernel;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.system.MemoryUtil;

/** A kernel object, whose arguments are its own. A {@code BUFFER} is two arguments. */
final class ClKernel implements GpuKernel {

    private static final int SIZES_BYTES = 3 * Long.BYTES;

    private final ClContext context;
    private final String name;
    private final long kernel;
    private final int arguments;
    private int next;
    private boolean closed;

    /** Takes over the kernel object. */
    ClKernel(ClContext context, String name, long kernel) {
        this.context = context;
        this.name = name;
        this.kernel = kernel;
        boolean opened = false;
        try {
            arguments = countArguments();
            context.use();
            opened = true;
        } finally {
            if (!opened) {
                clReleaseKernel(kernel);
            }
        }
    }

    private int countArguments() {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long target = stack.ncalloc(Integer.BYTES, 1, Integer.BYTES);
            ClStatus.check(
                    nclGetKernelInfo(kernel, CL_KERNEL_NUM_ARGS, Integer.BYTES, target, 0),
                    "asking a kernel");
            return MemoryUtil.memGetInt(target);
        }
    }

    @Override
    public GpuKernel buffer(long address) {
        long object = 0;
        long offset = 0;
        if (address != 0) {
            ClBuffer buffer = find(address);
            object = buffer.object();
            offset = address - buffer.address();
        }
        set(Long.BYTES, object, object == 0);
        set(Long.BYTES, offset, false);
        return this;
    }

    /** Finds the buffer of an address; where there is none the next use begins anew. */
    private ClBuffer find(long address) {
        boolean found = false;
        try {
            ClBuffer buffer = context.addresses.find(address);
            found = true;
            return buffer;
        } finally {
            next = found ? next : 0;
        }
    }

    @Override
    public GpuKernel int32(int value) {
        set(Integer.BYTES, value, false);
        return this;
    }

    @Override
    public GpuKernel int64(long value) {
        set(Long.BYTES, value, false);
        return this;
    }

    @Override
    public GpuKernel float32(float value) {
        set(Float.BYTES, Float.floatToRawIntBits(value), false);
        return this;
    }

    /** Sets the next argument to the lowest bytes of a value; devices are little-endian. */
    private void set(int sizeBytes, long value, boolean absent) {
        if (closed) {
            throw new IllegalStateException("kernel " + name + " is closed");
        }
        if (next == arguments) {
            next = 0;
            throw new IllegalStateException(
                    "kernel " + name + " has no more than " + arguments + " arguments");
        }
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long source = stack.ncalloc(Long.BYTES, 1, Long.BYTES);
            MemoryUtil.memPutLong(source, value);
            int status = nclSetKernelArg(kernel, next, sizeBytes, absent ? 0 : source);
            if (status != 0) {
                int argument = next;
                next = 0;
                throw failure(status, "argument " + argument + " of kernel " + name);
            }
        }
        next++;
    }

    @Override
    public void launch(DeviceStream stream, int groupsX, int groupsY, int groupsZ, int threads) {
        int set = next;
        next = 0;
        if (closed || set != arguments) {
            throw new IllegalStateException(
                    closed
                            ? "kernel " + name + " is closed"
                            : set + " of " + arguments + " arguments set of kernel " + name);
        }
        if (!(stream instanceof ClStream queue)) {
            throw new IllegalArgumentException("kernel " + name + ": not a stream of this device");
        }
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long global = stack.ncalloc(Long.BYTES, SIZES_BYTES, 1);
            MemoryUtil.memPutLong(global, (long) groupsX * threads);
            MemoryUtil.memPutLong(global + Long.BYTES, groupsY);
            MemoryUtil.memPutLong(global + 2 * Long.BYTES, groupsZ);
            long local = stack.ncalloc(Long.BYTES, SIZES_BYTES, 1);
            MemoryUtil.memPutLong(local, threads);
            MemoryUtil.memPutLong(local + Long.BYTES, 1);
            MemoryUtil.memPutLong(local + 2 * Long.BYTES, 1);
            int status =
                    nclEnqueueNDRangeKernel(
                            queue.queue(context), kernel, 3, 0, global, local, 0, 0, 0);
            if (status != 0) {
                throw failure(
                        status,
                        "launch of kernel "
                                + name
                                + " ("
                                + groupsX
                                + " x "
                                + groupsY
                                + " x "
                                + groupsZ
                                + " groups of "
                                + threads
                                + " threads)");
            }
        }
    }

    private DeviceException failure(int status, String what) {
        return ClStatus.failure(status, what + " on " + context.device.info().name());
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            clReleaseKernel(kernel);
            context.release();
        }
    }
}
