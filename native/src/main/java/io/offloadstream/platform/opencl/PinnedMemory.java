/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import static org.lwjgl.opencl.CL10.CL_MAP_READ;
import static org.lwjgl.opencl.CL10.CL_MAP_WRITE;
import static org.lwjgl.opencl.CL10.CL_MEM_ALLOC_HOST_PTR;
import static org.lwjgl.opencl.CL10.CL_MEM_READ_WRITE;
import static org.lwjgl.opencl.CL10.CL_MEM_USE_HOST_PTR;
import static org.lwjgl.opencl.CL10.clFinish;
import static org.lwjgl.opencl.CL10.clReleaseMemObject;
import static org.lwjgl.opencl.CL10.nclEnqueueMapBuffer;
import static org.lwjgl.opencl.CL10.nclEnqueueUnmapMemObject;

import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceMemoryException;
import io.offloadstream.platform.HostMemory;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.system.MemoryUtil;

/**
 * Host memory of the driver, which its devices copy from and to without going through another
 * buffer: memory objects with {@code CL_MEM_ALLOC_HOST_PTR} that stay mapped. A driver whose memory
 * is not aligned as direct io wants it (PoCL: 128 bytes) is given pages of this process for them.
 * One exists for each context.
 */
final class PinnedMemory implements HostMemory.Source {

    private final ClContext context;

    /** What is mapped, by the address that was handed out. */
    private final Map<Long, Mapping> mappings = new ConcurrentHashMap<>();

    private record Mapping(long object, long pointer, long pages) {}

    PinnedMemory(ClContext context) {
        this.context = context;
    }

    @Override
    public long allocate(long sizeBytes) {
        boolean pages =
                sizeBytes >= HostMemory.MAPPED_BYTES || sizeBytes % HostMemory.ALIGNMENT_BYTES == 0;
        int alignment = pages ? HostMemory.ALIGNMENT_BYTES : HostMemory.MINIMUM_ALIGNMENT_BYTES;
        context.use();
        boolean allocated = false;
        try {
            Mapping mapping = map(CL_MEM_ALLOC_HOST_PTR, 0, sizeBytes);
            if (mapping.pointer % alignment == 0) {
                MemoryUtil.memSet(mapping.pointer, 0, sizeBytes);
            } else {
                unmap(mapping);
                mapping = mapOwnPages(sizeBytes);
            }
            mappings.put(mapping.pointer, mapping);
            allocated = true;
            return mapping.pointer;
        } finally {
            if (!allocated) {
                context.release();
            }
        }
    }

    private Mapping mapOwnPages(long sizeBytes) {
        long pages = HostMemory.machine().allocate(sizeBytes);
        boolean mapped = false;
        try {
            Mapping mapping = map(CL_MEM_USE_HOST_PTR, pages, sizeBytes);
            mapped = true;
            return mapping;
        } finally {
            if (!mapped) {
                HostMemory.machine().free(pages, sizeBytes);
            }
        }
    }

    private Mapping map(long flag, long pages, long sizeBytes) {
        long largest = context.device.maxAllocationBytes();
        if (sizeBytes > largest) {
            throw new DeviceMemoryException(
                    sizeBytes
                            + " bytes of pinned memory in one piece, "
                            + context.device.info().name()
                            + " allows "
                            + largest
                            + " (CL_DEVICE_MAX_MEM_ALLOC_SIZE); lower hostMemory");
        }
        long object = createObject(flag, pages, sizeBytes);
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long status = stack.ncalloc(Integer.BYTES, 1, Integer.BYTES);
            long pointer;
            synchronized (context.setupLock()) {
                pointer =
                        nclEnqueueMapBuffer(
                                context.setupQueue(),
                                object,
                                1,
                                CL_MAP_READ | CL_MAP_WRITE,
                                0,
                                sizeBytes,
                                0,
                                0,
                                0,
                                status);
            }
            int code = MemoryUtil.memGetInt(status);
            if (code != 0) {
                clReleaseMemObject(object);
                throw refused(sizeBytes, ClStatus.name(code), null);
            }
            return new Mapping(object, pointer, pages);
        }
    }

    private long createObject(long flag, long pages, long sizeBytes) {
        try {
            return context.createObject(CL_MEM_READ_WRITE | flag, sizeBytes, pages);
        } catch (DeviceException e) {
            throw refused(sizeBytes, e.getMessage(), e);
        }
    }

    private DeviceMemoryException refused(long sizeBytes, String reason, Throwable cause) {
        return new DeviceMemoryException(
                "the driver of "
                        + context.device.info().name()
                        + " refused "
                        + sizeBytes
                        + " bytes of pinned memory ("
                        + reason
                        + "); lower hostMemory",
                cause);
    }

    @Override
    public void free(long address, long sizeBytes) {
        Mapping mapping = mappings.remove(address);
        if (mapping == null) {
            throw new IllegalStateException("not pinned: 0x" + Long.toHexString(address));
        }
        try {
            unmap(mapping);
            if (mapping.pages != 0) {
                HostMemory.machine().free(mapping.pages, sizeBytes);
            }
        } finally {
            context.release();
        }
    }

    private void unmap(Mapping mapping) {
        synchronized (context.setupLock()) {
            // Failures leave nothing to do: the object is released in any case
            nclEnqueueUnmapMemObject(
                    context.setupQueue(), mapping.object, mapping.pointer, 0, 0, 0);
            clFinish(context.setupQueue());
        }
        clReleaseMemObject(mapping.object);
    }
}
