/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import com.sun.jna.Pointer;
import io.offloadstream.platform.DeviceMemoryException;
import io.offloadstream.platform.HostMemory;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Pinned host memory: the device copies from it by itself, at the speed of the bus. Thread-safe.
 */
final class PinnedMemory implements HostMemory.Source {

    private final CudaContext context;

    /** What the driver gave, for ranges that start behind it to be aligned. */
    private final ConcurrentHashMap<Long, Long> starts = new ConcurrentHashMap<>();

    PinnedMemory(CudaContext context) {
        this.context = context;
    }

    @Override
    public long allocate(long sizeBytes) {
        context.use();
        long address = hostAlloc(sizeBytes);
        if (address % HostMemory.ALIGNMENT_BYTES != 0) {
            context.library().hostFree(address);
            long start = hostAlloc(sizeBytes + HostMemory.ALIGNMENT_BYTES);
            address = (start + HostMemory.ALIGNMENT_BYTES - 1) & -HostMemory.ALIGNMENT_BYTES;
            starts.put(address, start);
        }
        new Pointer(address).clear(sizeBytes);
        context.hold();
        return address;
    }

    private long hostAlloc(long sizeBytes) {
        long[] address = new long[1];
        int result = context.library().hostAlloc(address, sizeBytes);
        if (result == CudaResult.OUT_OF_MEMORY) {
            throw new DeviceMemoryException(
                    "the driver refuses to pin "
                            + sizeBytes
                            + " bytes of host memory; lower hostMemory, or raise the limit of"
                            + " locked memory (ulimit -l, the container's memlock)");
        }
        context.check(result, "cuMemHostAlloc of " + sizeBytes + " bytes");
        return address[0];
    }

    @Override
    public void free(long address, long sizeBytes) {
        context.makeCurrent();
        Long start = starts.remove(address);
        context.library().hostFree(start == null ? address : start);
        context.release();
    }
}
