/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import static org.lwjgl.opencl.CL10.CL_CONTEXT_PLATFORM;
import static org.lwjgl.opencl.CL10.CL_MEM_READ_WRITE;
import static org.lwjgl.opencl.CL10.CL_QUEUE_PROFILING_ENABLE;
import static org.lwjgl.opencl.CL10.clReleaseCommandQueue;
import static org.lwjgl.opencl.CL10.clReleaseContext;
import static org.lwjgl.opencl.CL10.clReleaseMemObject;
import static org.lwjgl.opencl.CL10.nclCreateBuffer;
import static org.lwjgl.opencl.CL10.nclCreateCommandQueue;
import static org.lwjgl.opencl.CL10.nclCreateContext;
import static org.lwjgl.opencl.CL10.nclEnqueueWriteBuffer;

import io.offloadstream.platform.gpu.KernelCache;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.system.MemoryUtil;

/**
 * What all users of a device in this process share: OpenCL's context, the compiled kernels, the
 * address space. Everything made in it is a user too, so it closes after the last of them, whatever
 * the order. Thread-safe.
 */
final class ClContext {

    /** Bytes of the object that events of drivers without times for markers copy in. */
    private static final long SCRATCH_BYTES = 256;

    final ClDevice device;
    final long handle;
    final AddressSpace addresses = new AddressSpace();
    final PinnedMemory pinned = new PinnedMemory(this);

    /** Bytes of device memory that users hold. */
    final AtomicLong allocatedBytes = new AtomicLong();

    private final Object setupLock = new Object();
    private long contextBytes;
    private long setupQueue;
    private long scratch;
    private ClPrograms programs;
    private boolean markersHaveTimes;
    private int users = 1;

    private ClContext(ClDevice device, long handle) {
        this.device = device;
        this.handle = handle;
    }

    /**
     * Opens a device and compiles the kernels: sources by the name of their module.
     *
     * @return the context, with one user
     * @throws io.offloadstream.platform.DeviceException if that fails; nothing stays open
     */
    static ClContext open(ClDevice device, Map<String, String> sources, KernelCache cache) {
        long before = ClInfo.freeBytes(device.id());
        ClContext context = new ClContext(device, createContext(device));
        boolean opened = false;
        try {
            context.setupQueue = context.newQueue();
            context.scratch = context.createObject(CL_MEM_READ_WRITE, SCRATCH_BYTES);
            context.commit(context.scratch, SCRATCH_BYTES);
            context.markersHaveTimes = ClEvent.markersHaveTimes(context);
            context.programs = ClPrograms.build(context, sources, cache);
            if (before >= 0) {
                context.contextBytes = Math.max(0, before - ClInfo.freeBytes(device.id()));
            }
            opened = true;
            return context;
        } finally {
            if (!opened) {
                context.release();
            }
        }
    }

    private static long createContext(ClDevice device) {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long status = stack.ncalloc(Integer.BYTES, 1, Integer.BYTES);
            long properties = stack.pointers(CL_CONTEXT_PLATFORM, device.platform(), 0).address();
            long devices = stack.pointers(device.id()).address();
            long handle = nclCreateContext(properties, 1, devices, 0, 0, status);
            ClStatus.check(MemoryUtil.memGetInt(status), "opening " + device.info().name());
            return handle;
        }
    }

    /** Becomes one more user; false if the last one has left. */
    synchronized boolean tryUse() {
        if (users == 0) {
            return false;
        }
        users++;
        return true;
    }

    /** Becomes one more user on behalf of somebody who is one. */
    void use() {
        if (!tryUse()) {
            throw new IllegalStateException(device.info().name() + " is closed");
        }
    }

    /** Ends a use; the last one frees everything. */
    synchronized void release() {
        users--;
        if (users == 0) {
            if (programs != null) {
                programs.close();
            }
            if (scratch != 0) {
                clReleaseMemObject(scratch);
            }
            if (setupQueue != 0) {
                clReleaseCommandQueue(setupQueue);
            }
            clReleaseContext(handle);
        }
    }

    ClPrograms programs() {
        return programs;
    }

    /** The in-order queue of whatever waits at once. Its users hold {@link #setupLock()}. */
    long setupQueue() {
        return setupQueue;
    }

    Object setupLock() {
        return setupLock;
    }

    /** An object of {@link #SCRATCH_BYTES} whose contents do not matter. */
    long scratch() {
        return scratch;
    }

    boolean markersHaveTimes() {
        return markersHaveTimes;
    }

    long contextBytes() {
        return contextBytes;
    }

    /** What nobody uses, by the driver's word or, where it has none, by our own books. */
    long freeBytes() {
        long freeBytes = ClInfo.freeBytes(device.id());
        return freeBytes >= 0
                ? freeBytes
                : Math.max(0, device.info().totalBytes() - allocatedBytes.get());
    }

    /** Opens an in-order queue whose events have times. */
    long newQueue() {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long status = stack.ncalloc(Integer.BYTES, 1, Integer.BYTES);
            long queue =
                    nclCreateCommandQueue(handle, device.id(), CL_QUEUE_PROFILING_ENABLE, status);
            ClStatus.check(MemoryUtil.memGetInt(status), "clCreateCommandQueue");
            return queue;
        }
    }

    /** Creates a memory object. Drivers may put off finding room for it until {@link #commit}. */
    long createObject(long flags, long sizeBytes) {
        return createObject(flags, sizeBytes, 0);
    }

    /** Likewise, over memory of this process if that is not 0. */
    long createObject(long flags, long sizeBytes, long host) {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long status = stack.ncalloc(Integer.BYTES, 1, Integer.BYTES);
            long object = nclCreateBuffer(handle, flags, sizeBytes, host, status);
            ClStatus.check(MemoryUtil.memGetInt(status), "clCreateBuffer");
            return object;
        }
    }

    /** Makes the driver find room for an object now: the first command that uses it must. */
    void commit(long object, long sizeBytes) {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long zero = stack.ncalloc(Integer.BYTES, 1, Integer.BYTES);
            synchronized (setupLock()) {
                ClStatus.check(
                        nclEnqueueWriteBuffer(
                                setupQueue,
                                object,
                                1,
                                sizeBytes - Integer.BYTES,
                                Integer.BYTES,
                                zero,
                                0,
                                0,
                                0),
                        "the first write");
            }
        }
    }
}
