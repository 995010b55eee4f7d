/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceMemoryException;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Reservation;
import java.util.Map;
import java.util.TreeMap;
import jcuda.driver.JCudaDriver;

/**
 * The memory of a device. The driver gives pages of 2 MiB and no less; a range of half a page or
 * more has pages of its own, smaller ones share a page here, in multiples of 256 bytes. The first
 * shared page stands for what the last one leaves over, and is part of the context's bytes.
 * Thread-safe.
 */
final class CudaHeap implements AutoCloseable {

    /** What the driver allocates in multiples of. */
    static final long PAGE_BYTES = 2L << 20;

    /** From this size on a range has pages of its own. */
    static final long PAGED_BYTES = PAGE_BYTES / 2;

    /** What small ranges start at a multiple of; the driver's own ranges do too. */
    static final long ALIGNMENT_BYTES = 256;

    private final CudaContext context;

    /** Shared pages by address: their free ranges, offset to length. */
    private final TreeMap<Long, TreeMap<Long, Long>> shared = new TreeMap<>();

    /**
     * Takes the first shared page.
     *
     * @param context whose memory it is
     */
    CudaHeap(CudaContext context) {
        this.context = context;
        addPage();
    }

    static long chargedBytes(long sizeBytes) {
        if (sizeBytes <= 0) {
            throw new IllegalArgumentException(
                    "a range of device memory needs at least 1 byte: " + sizeBytes);
        }
        long unit = sizeBytes >= PAGED_BYTES ? PAGE_BYTES : ALIGNMENT_BYTES;
        return sizeBytes > Long.MAX_VALUE - unit ? Long.MAX_VALUE : (sizeBytes + unit - 1) & -unit;
    }

    /**
     * Allocates memory.
     *
     * @param budget what it is charged to
     * @param purpose for messages
     * @param sizeBytes its size, more than 0
     * @return the memory, for the caller to close
     * @throws BudgetExceededException if the budget does not hold it
     * @throws DeviceException if the driver refuses it
     */
    DeviceBuffer allocate(MemoryBudget budget, String purpose, long sizeBytes) {
        Reservation reservation = budget.reserve(purpose, chargedBytes(sizeBytes));
        long address = 0;
        try {
            address =
                    sizeBytes >= PAGED_BYTES
                            ? allocatePages(purpose, chargedBytes(sizeBytes))
                            : allocateSmall(purpose, chargedBytes(sizeBytes));
            context.hold();
        } finally {
            if (address == 0) {
                reservation.close();
            }
        }
        return new CudaBuffer(this, address, sizeBytes, reservation);
    }

    private long allocatePages(String purpose, long sizeBytes) {
        context.use();
        DevicePointer pointer = new DevicePointer();
        int result = JCudaDriver.cuMemAlloc(pointer, sizeBytes);
        if (result == CudaResult.OUT_OF_MEMORY) {
            throw new DeviceMemoryException(
                    purpose
                            + " needs "
                            + sizeBytes
                            + " bytes of cuda:"
                            + context.info().ordinal()
                            + " "
                            + context.info().name()
                            + ", which has "
                            + freeBytes()
                            + " free: other programs hold the rest; lower deviceMemory to what is"
                            + " free");
        }
        context.check(result, "cuMemAlloc of " + sizeBytes + " bytes for " + purpose);
        return pointer.address();
    }

    private synchronized long allocateSmall(String purpose, long charged) {
        for (Map.Entry<Long, TreeMap<Long, Long>> page : shared.entrySet()) {
            for (Map.Entry<Long, Long> range : page.getValue().entrySet()) {
                if (range.getValue() >= charged) {
                    return cut(page.getKey(), page.getValue(), range, charged);
                }
            }
        }
        long page = allocatePages(purpose, PAGE_BYTES);
        return cut(page, newPage(page), Map.entry(0L, PAGE_BYTES), charged);
    }

    private static long cut(
            long page, Map<Long, Long> free, Map.Entry<Long, Long> range, long charged) {
        long offset = range.getKey();
        long length = range.getValue();
        free.remove(offset);
        if (length > charged) {
            free.put(offset + charged, length - charged);
        }
        return page + offset;
    }

    private synchronized void addPage() {
        newPage(allocatePages("small ranges", PAGE_BYTES));
    }

    private Map<Long, Long> newPage(long page) {
        TreeMap<Long, Long> free = new TreeMap<>();
        free.put(0L, PAGE_BYTES);
        shared.put(page, free);
        return free;
    }

    /**
     * Frees memory. Failures are ignored: they come of a lost context, whose memory is gone.
     *
     * @param address from {@link #allocate}
     * @param sizeBytes as asked for
     */
    void free(long address, long sizeBytes) {
        context.makeCurrent();
        if (sizeBytes >= PAGED_BYTES) {
            JCudaDriver.cuMemFree(new DevicePointer(address));
        } else {
            freeSmall(address, chargedBytes(sizeBytes));
        }
        context.release();
    }

    private synchronized void freeSmall(long address, long charged) {
        Map.Entry<Long, TreeMap<Long, Long>> page = shared.floorEntry(address);
        TreeMap<Long, Long> free = page.getValue();
        long offset = address - page.getKey();
        long length = charged;
        Map.Entry<Long, Long> before = free.floorEntry(offset);
        if (before != null && before.getKey() + before.getValue() == offset) {
            offset = before.getKey();
            length += before.getValue();
        }
        Long after = free.remove(offset + length);
        free.put(offset, after == null ? length : length + after);
        if (free.get(offset) == PAGE_BYTES && shared.size() > 1) {
            shared.remove(page.getKey());
            JCudaDriver.cuMemFree(new DevicePointer(page.getKey()));
        }
    }

    /**
     * Asks the driver.
     *
     * @return bytes that are free on the device
     */
    long freeBytes() {
        context.use();
        long[] free = new long[1];
        long[] total = new long[1];
        context.check(JCudaDriver.cuMemGetInfo(free, total), "cuMemGetInfo");
        return free[0];
    }

    @Override
    public synchronized void close() {
        context.makeCurrent();
        for (long page : shared.keySet()) {
            JCudaDriver.cuMemFree(new DevicePointer(page));
        }
        shared.clear();
    }
}
