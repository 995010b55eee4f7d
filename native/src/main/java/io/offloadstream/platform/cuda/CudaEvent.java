/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import io.offloadstream.platform.DeviceEvent;
import java.util.concurrent.atomic.AtomicReference;
import jcuda.driver.CUevent;
import jcuda.driver.JCudaDriver;

/** An event of the driver, recorded once. */
final class CudaEvent implements DeviceEvent {

    /**
     * CU_EVENT_BLOCKING_SYNC: a thread that waits leaves its core to the readers. Times as well.
     */
    static final int BLOCKING_SYNC = 1;

    private final CudaContext context;
    private final CudaClock clock;
    private final AtomicReference<CUevent> event;

    /**
     * Wraps an event.
     *
     * @param context whose it is
     * @param clock of the device
     * @param event recorded, to be recycled by {@link #close}
     */
    CudaEvent(CudaContext context, CudaClock clock, CUevent event) {
        this.context = context;
        this.clock = clock;
        this.event = new AtomicReference<>(event);
    }

    CUevent handle() {
        CUevent handle = event.get();
        if (handle == null) {
            throw new IllegalStateException("the event is closed");
        }
        return handle;
    }

    @Override
    public boolean isPassed() {
        context.use();
        int result = JCudaDriver.cuEventQuery(handle());
        if (result == CudaResult.NOT_READY) {
            return false;
        }
        context.check(result, "cuEventQuery");
        return true;
    }

    @Override
    public void await() {
        context.use();
        context.check(JCudaDriver.cuEventSynchronize(handle()), "cuEventSynchronize");
    }

    @Override
    public long passedNanos() {
        return clock.passedNanos(handle());
    }

    @Override
    public void close() {
        CUevent handle = event.getAndSet(null);
        if (handle != null) {
            context.recycle(handle);
        }
    }
}
