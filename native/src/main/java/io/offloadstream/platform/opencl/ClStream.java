/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import static org.lwjgl.opencl.CL10.clFinish;
import static org.lwjgl.opencl.CL10.clFlush;
import static org.lwjgl.opencl.CL10.clReleaseCommandQueue;
import static org.lwjgl.opencl.CL10.nclEnqueueCopyBuffer;
import static org.lwjgl.opencl.CL10.nclEnqueueReadBuffer;
import static org.lwjgl.opencl.CL10.nclEnqueueWriteBuffer;
import static org.lwjgl.opencl.CL12.nclEnqueueBarrierWithWaitList;

import io.offloadstream.platform.DeviceEvent;
import io.offloadstream.platform.DeviceStream;
import java.util.concurrent.atomic.AtomicBoolean;
import org.lwjgl.system.MemoryStack;
import org.lwjgl.system.MemoryUtil;

/** An in-order command queue. */
final class ClStream implements DeviceStream {

    private final ClContext context;
    private final String name;
    private final long queue;
    private final AtomicBoolean closed = new AtomicBoolean();

    ClStream(ClContext context, String name) {
        this.context = context;
        this.name = name;
        context.use();
        boolean opened = false;
        try {
            queue = context.newQueue();
            opened = true;
        } finally {
            if (!opened) {
                context.release();
            }
        }
    }

    /** Returns OpenCL's handle, for a launch in this context. */
    long queue(ClContext user) {
        if (user != context) {
            throw new IllegalArgumentException("stream " + name + " is of another device");
        }
        return queue();
    }

    private long queue() {
        if (closed.get()) {
            throw new IllegalStateException("stream " + name + " is closed");
        }
        return queue;
    }

    @Override
    public void upload(long hostSource, long target, long sizeBytes) {
        if (sizeBytes == 0) {
            return; // which OpenCL takes for a mistake
        }
        ClBuffer buffer = context.addresses.find(target, sizeBytes);
        ClStatus.check(
                nclEnqueueWriteBuffer(
                        queue(),
                        buffer.object(),
                        0,
                        target - buffer.address(),
                        sizeBytes,
                        hostSource,
                        0,
                        0,
                        0),
                "a copy to the device");
    }

    @Override
    public void download(
            long source, long hostTarget, long hostStrideBytes, long rowBytes, int rows) {
        if (rowBytes == 0 || rows == 0) {
            return;
        }
        if (hostStrideBytes == rowBytes) {
            download(source, hostTarget, Math.multiplyExact(rowBytes, (long) rows));
            return;
        }
        // One by one: drivers disagree about clEnqueueReadBufferRect with offsets
        for (int row = 0; row < rows; row++) {
            download(source + row * rowBytes, hostTarget + row * hostStrideBytes, rowBytes);
        }
    }

    private void download(long source, long hostTarget, long sizeBytes) {
        ClBuffer buffer = context.addresses.find(source, sizeBytes);
        ClStatus.check(
                nclEnqueueReadBuffer(
                        queue(),
                        buffer.object(),
                        0,
                        source - buffer.address(),
                        sizeBytes,
                        hostTarget,
                        0,
                        0,
                        0),
                "a copy from the device");
    }

    @Override
    public void copy(long source, long target, long sizeBytes) {
        if (sizeBytes == 0) {
            return;
        }
        ClBuffer from = context.addresses.find(source, sizeBytes);
        ClBuffer to = context.addresses.find(target, sizeBytes);
        ClStatus.check(
                nclEnqueueCopyBuffer(
                        queue(),
                        from.object(),
                        to.object(),
                        source - from.address(),
                        target - to.address(),
                        sizeBytes,
                        0,
                        0,
                        0),
                "a copy within the device");
    }

    /**
     * {@inheritDoc}
     *
     * <p>Also hands over what is enqueued: another queue that waits for an event of a queue that
     * was never flushed waits for ever, and so does whoever polls it.
     */
    @Override
    public DeviceEvent record() {
        ClEvent event = ClEvent.record(context, queue(), name);
        ClStatus.check(clFlush(queue), "clFlush");
        return event;
    }

    @Override
    public void await(DeviceEvent event) {
        if (!(event instanceof ClEvent other) || !other.isOf(context)) {
            throw new IllegalArgumentException(
                    "stream " + name + " cannot await an event of another device");
        }
        awaitHandle(other.handle());
    }

    /** Makes what is enqueued from now on wait. */
    void awaitHandle(long event) {
        try (MemoryStack stack = MemoryStack.stackPush()) {
            long list = stack.ncalloc(Long.BYTES, 1, Long.BYTES);
            MemoryUtil.memPutAddress(list, event);
            ClStatus.check(nclEnqueueBarrierWithWaitList(queue(), 1, list, 0), "waiting");
        }
    }

    @Override
    public void flush() {
        ClStatus.check(clFlush(queue()), "clFlush");
    }

    @Override
    public void synchronize() {
        // clFinish alone does not tell whether commands failed
        try (ClEvent last = ClEvent.record(context, queue(), name)) {
            last.await();
        }
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            clFinish(queue);
            clReleaseCommandQueue(queue);
            context.release();
        }
    }
}
