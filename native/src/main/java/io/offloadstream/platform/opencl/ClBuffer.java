/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import static org.lwjgl.opencl.CL10.CL_MEM_READ_WRITE;
import static org.lwjgl.opencl.CL10.clReleaseMemObject;

import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceMemoryException;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Reservation;
import java.util.concurrent.atomic.AtomicBoolean;

/** A memory object, its range of addresses, and its share of a budget. */
final class ClBuffer implements DeviceBuffer {

    private final ClContext context;
    private final String purpose;
    private final long object;
    private final long address;
    private final long sizeBytes;
    private final Reservation reservation;
    private final AtomicBoolean closed = new AtomicBoolean();

    private ClBuffer(
            ClContext context,
            String purpose,
            long object,
            long sizeBytes,
            Reservation reservation) {
        this.context = context;
        this.purpose = purpose;
        this.object = object;
        this.sizeBytes = sizeBytes;
        this.reservation = reservation;
        address = context.addresses.reserve(sizeBytes);
    }

    static ClBuffer allocate(
            ClContext context, MemoryBudget budget, String purpose, long sizeBytes) {
        long charged = OpenClGpu.roundUp(sizeBytes);
        long largest = context.device.maxAllocationBytes();
        if (charged > largest) {
            throw new DeviceMemoryException(
                    purpose
                            + " needs "
                            + charged
                            + " bytes in one piece, "
                            + context.device.info().name()
                            + " allows "
                            + largest
                            + " (CL_DEVICE_MAX_MEM_ALLOC_SIZE); lower deviceMemory, or"
                            + " maxSequenceLength and maxBatch if it is the KV cache");
        }
        context.use();
        Reservation reservation = null;
        long object = 0;
        boolean allocated = false;
        try {
            reservation = budget.reserve(purpose, charged);
            object = create(context, purpose, charged);
            ClBuffer buffer = new ClBuffer(context, purpose, object, sizeBytes, reservation);
            context.addresses.add(buffer);
            context.allocatedBytes.addAndGet(charged);
            allocated = true;
            return buffer;
        } finally {
            if (!allocated) {
                if (reservation != null) {
                    reservation.close();
                }
                context.release();
            }
        }
    }

    private static long create(ClContext context, String purpose, long charged) {
        long object = 0;
        try {
            object = context.createObject(CL_MEM_READ_WRITE, charged);
            context.commit(object, charged);
            return object;
        } catch (DeviceException e) {
            if (object != 0) {
                clReleaseMemObject(object);
            }
            throw new DeviceMemoryException(
                    purpose
                            + ": "
                            + context.device.info().name()
                            + " refused "
                            + charged
                            + " bytes, "
                            + context.freeBytes()
                            + " free of "
                            + context.device.info().totalBytes()
                            + "; lower deviceMemory ("
                            + e.getMessage()
                            + ")",
                    e);
        }
    }

    /** Returns OpenCL's handle. */
    long object() {
        return object;
    }

    @Override
    public long address() {
        return address;
    }

    @Override
    public long sizeBytes() {
        return sizeBytes;
    }

    @Override
    public String toString() {
        return purpose + " at 0x" + Long.toHexString(address) + " (" + sizeBytes + " bytes)";
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            context.addresses.remove(this);
            clReleaseMemObject(object);
            context.allocatedBytes.addAndGet(-OpenClGpu.roundUp(sizeBytes));
            reservation.close();
            context.release();
        }
    }
}
