/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import static org.lwjgl.opencl.CL10.CL_COMPLETE;
import static org.lwjgl.opencl.CL10.CL_EVENT_COMMAND_EXECUTION_STATUS;
import static org.lwjgl.opencl.CL10.CL_PROFILING_COMMAND_END;
import static org.lwjgl.opencl.CL10.clReleaseCommandQueue;
import static org.lwjgl.opencl.CL10.clReleaseEvent;
import static org.lwjgl.opencl.CL10.nclEnqueueCopyBuffer;
import static org.lwjgl.opencl.CL10.nclGetEventInfo;
import static org.lwjgl.opencl.CL10.nclGetEventProfilingInfo;
import static org.lwjgl.opencl.CL10.nclWaitForEvents;
import static org.lwjgl.opencl.CL12.nclEnqueueMarkerWithWaitList;

import io.offloadstream.platform.DeviceEvent;
import io.offloadstream.platform.DeviceException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.system.MemoryUtil;

/**
 * A marker in a queue, or, where the driver has no times for markers, a copy of a few bytes: in a
 * queue that runs in order they say the same.
 */
final class ClEvent implements DeviceEvent {

    private final ClContext context;
    private final String stream;
    private final long event;
    private final AtomicBoolean closed = new AtomicBoolean();

    private ClEvent(ClContext context, String stream, long event) {
        this.context = context;
        this.stream = stream;
        this.event = event;
    }

    /** Enqueues an event; the queue is not flushed. */
    static ClEvent record(ClContext context, long queue, String stream) {
        return record(context, queue, stream, context.markersHaveTimes());
    }

    static ClEvent record(ClContext context, long queue, String stream, boolean marker) {
        return new ClEvent(context, stream, enqueue(context, queue, marker));
    }

    private static long enqueue(ClContext context, long queue, boolean marker) {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long target = stack.ncalloc(Long.BYTES, 1, Long.BYTES);
            ClStatus.check(
                    marker
                            ? nclEnqueueMarkerWithWaitList(queue, 0, 0, target)
                            : nclEnqueueCopyBuffer(
                                    queue,
                                    context.scratch(),
                                    context.scratch(),
                                    0,
                                    Integer.BYTES,
                                    Integer.BYTES,
                                    0,
                                    0,
                                    target),
                    "recording an event");
            return MemoryUtil.memGetAddress(target);
        }
    }

    /** Finds out whether markers of this driver have times. */
    static boolean markersHaveTimes(ClContext context) {
        long queue = context.newQueue();
        try (ClEvent event = record(context, queue, "probe", true)) {
            event.await();
            return event.endNanos() > 0;
        } catch (DeviceException e) {
            return false;
        } finally {
            clReleaseCommandQueue(queue);
        }
    }

    boolean isOf(ClContext user) {
        return user == context;
    }

    /** Returns OpenCL's handle. */
    long handle() {
        if (closed.get()) {
            throw new IllegalStateException("an event of stream " + stream + " is closed");
        }
        return event;
    }

    @Override
    public boolean isPassed() {
        return status() == CL_COMPLETE;
    }

    private int status() {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long target = stack.ncalloc(Integer.BYTES, 1, Integer.BYTES);
            ClStatus.check(
                    nclGetEventInfo(
                            handle(), CL_EVENT_COMMAND_EXECUTION_STATUS, Integer.BYTES, target, 0),
                    "asking an event");
            int status = MemoryUtil.memGetInt(target);
            requireNoFailure(status, stream, context.device.info().name());
            return status;
        }
    }

    /** Turns the execution status of work that failed, which is negative, into an exception. */
    static void requireNoFailure(int status, String stream, String device) {
        if (status < 0) {
            throw new DeviceException(
                    "work of stream "
                            + stream
                            + " failed on "
                            + device
                            + ": "
                            + ClStatus.name(status));
        }
    }

    @Override
    public void await() {
        int result;
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long list = stack.ncalloc(Long.BYTES, 1, Long.BYTES);
            MemoryUtil.memPutAddress(list, handle());
            result = nclWaitForEvents(1, list);
        }
        status(); // says what failed, the wait only that something did
        ClStatus.check(result, "waiting for stream " + stream);
    }

    @Override
    public long passedNanos() {
        if (!isPassed()) {
            throw new IllegalStateException("an event of stream " + stream + " has not passed");
        }
        return endNanos();
    }

    private long endNanos() {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long target = stack.ncalloc(Long.BYTES, 1, Long.BYTES);
            ClStatus.check(
                    nclGetEventProfilingInfo(
                            handle(), CL_PROFILING_COMMAND_END, Long.BYTES, target, 0),
                    "asking an event for its time");
            return MemoryUtil.memGetLong(target);
        }
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            clReleaseEvent(event);
        }
    }
}
