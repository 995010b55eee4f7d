/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.Reservation;
import java.util.concurrent.atomic.AtomicBoolean;

/** Memory of the device. */
final class CudaBuffer implements DeviceBuffer {

    private final CudaHeap heap;
    private final long address;
    private final long sizeBytes;
    private final Reservation reservation;
    private final AtomicBoolean closed = new AtomicBoolean();

    CudaBuffer(CudaHeap heap, long address, long sizeBytes, Reservation reservation) {
        this.heap = heap;
        this.address = address;
        this.sizeBytes = sizeBytes;
        this.reservation = reservation;
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
    public void close() {
        if (closed.compareAndSet(false, true)) {
            heap.free(address, sizeBytes);
            reservation.close();
        }
    }
}
