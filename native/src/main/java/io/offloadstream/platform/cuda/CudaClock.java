/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import jcuda.driver.CUevent;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/**
 * The time of a device: the driver tells the time between two events only, in milliseconds as a
 * float, so the event that times are counted from is renewed every second of them. Otherwise an
 * hour after opening the times would come in steps of a quarter of a millisecond. Thread-safe.
 */
final class CudaClock implements AutoCloseable {

    private static final float RENEWED_AFTER_MILLIS = 1000;
    private static final double NANOS_PER_MILLI = 1e6;

    private final CudaContext context;
    private final CUstream stream = new CUstream();
    private CUevent base;
    private long baseNanos;

    CudaClock(CudaContext context) {
        this.context = context;
        context.check(
                JCudaDriver.cuStreamCreate(stream, CudaStream.NON_BLOCKING), "cuStreamCreate");
        base = recorded();
    }

    private CUevent recorded() {
        CUevent event = context.takeEvent();
        context.check(JCudaDriver.cuEventRecord(event, stream), "cuEventRecord");
        context.check(JCudaDriver.cuEventSynchronize(event), "cuEventSynchronize");
        return event;
    }

    /**
     * Returns when an event passed.
     *
     * @param event one that has
     * @return nanoseconds since this clock was made
     * @throws IllegalStateException if it has not passed
     */
    synchronized long passedNanos(CUevent event) {
        context.use();
        float millis = elapsedMillis(base, event);
        long nanos = baseNanos + Math.round(millis * NANOS_PER_MILLI);
        if (millis > RENEWED_AFTER_MILLIS) {
            CUevent next = recorded();
            baseNanos += Math.round(elapsedMillis(base, next) * NANOS_PER_MILLI);
            context.recycle(base);
            base = next;
        }
        return nanos;
    }

    private float elapsedMillis(CUevent from, CUevent to) {
        float[] millis = new float[1];
        int result = JCudaDriver.cuEventElapsedTime(millis, from, to);
        if (result == CudaResult.NOT_READY) {
            throw new IllegalStateException("the event has not passed");
        }
        context.check(result, "cuEventElapsedTime");
        return millis[0];
    }

    @Override
    public void close() {
        context.makeCurrent();
        context.recycle(base);
        JCudaDriver.cuStreamDestroy(stream);
    }
}
