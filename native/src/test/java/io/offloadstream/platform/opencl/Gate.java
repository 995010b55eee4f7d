/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import static org.lwjgl.opencl.CL10.CL_COMPLETE;
import static org.lwjgl.opencl.CL10.clReleaseEvent;
import static org.lwjgl.opencl.CL11.clCreateUserEvent;
import static org.lwjgl.opencl.CL11.clSetUserEventStatus;

import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.gpu.Gpu;

/** Holds up what a stream is given until the test opens it. */
final class Gate implements AutoCloseable {

    private final long event;
    private boolean open;

    Gate(Gpu gpu) {
        int[] status = new int[1];
        event = clCreateUserEvent(((OpenClGpu) gpu).context.handle, status);
        ClStatus.check(status[0], "clCreateUserEvent");
    }

    void hold(DeviceStream stream) {
        ((ClStream) stream).awaitHandle(event);
    }

    void open() {
        open = true;
        ClStatus.check(clSetUserEventStatus(event, CL_COMPLETE), "clSetUserEventStatus");
    }

    /** Opens it if nobody has: what waits behind it would wait for ever. */
    @Override
    public void close() {
        if (!open) {
            open();
        }
        clReleaseEvent(event);
    }
}
