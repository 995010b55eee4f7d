/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.gpu.GpuInfo;
import java.util.concurrent.ConcurrentLinkedQueue;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUevent;
import jcuda.driver.JCudaDriver;

/**
 * The primary context of a device, one for all models of this process. Counts what hangs on it
 * (users, memory, streams) and is released with the last. An error after which the driver refuses
 * everything makes it lost: every later call says so, and when all is closed the context is reset,
 * so that the next model loads. Thread-safe.
 */
final class CudaContext {

    /** The context that this thread's calls go to. Only this class sets it. */
    private static final ThreadLocal<CudaContext> CURRENT = new ThreadLocal<>();

    private final DriverLibrary library;
    private final GpuInfo info;
    private final CUdevice device = new CUdevice();
    private final CUcontext context = new CUcontext();
    private final ConcurrentLinkedQueue<CUevent> freeEvents = new ConcurrentLinkedQueue<>();
    private int holders = 1;
    private volatile String lost;

    /**
     * Retains the primary context.
     *
     * @param library the driver
     * @param info the device
     * @throws DeviceException if the driver refuses
     */
    CudaContext(DriverLibrary library, GpuInfo info) {
        this.library = library;
        this.info = info;
        check(JCudaDriver.cuDeviceGet(device, info.ordinal()), "cuDeviceGet");
        int result = JCudaDriver.cuDevicePrimaryCtxRetain(context, device);
        if (CudaResult.isFatal(result)) {
            // Something else in this process left the context lost: whoever uses it can do no more
            JCudaDriver.cuDevicePrimaryCtxReset(device);
            result = JCudaDriver.cuDevicePrimaryCtxRetain(context, device);
        }
        if (result != CudaResult.SUCCESS) {
            throw new DeviceException(
                    describe(result, "cuDevicePrimaryCtxRetain")
                            + "; if a program failed on the device, restart this process");
        }
    }

    GpuInfo info() {
        return info;
    }

    DriverLibrary library() {
        return library;
    }

    CUdevice device() {
        return device;
    }

    /**
     * Makes this thread's calls go to the context.
     *
     * @throws DeviceException if the context is lost
     */
    void use() {
        checkAlive();
        makeCurrent();
    }

    /** As {@link #use}, for freeing: works on a lost context too, as far as the driver does. */
    void makeCurrent() {
        if (CURRENT.get() != this) {
            int result = JCudaDriver.cuCtxSetCurrent(context);
            if (result == CudaResult.SUCCESS) {
                CURRENT.set(this);
            } else if (lost == null) {
                check(result, "cuCtxSetCurrent");
            }
        }
    }

    private void checkAlive() {
        String reason = lost;
        if (reason != null) {
            throw new DeviceException(reason);
        }
    }

    boolean isLost() {
        return lost != null;
    }

    /**
     * Turns a failure into an exception.
     *
     * @param result of a call
     * @param call its name, and what it was for
     * @throws DeviceException if it is one
     */
    void check(int result, String call) {
        if (result != CudaResult.SUCCESS) {
            throw failure(result, call);
        }
    }

    /**
     * Makes the exception of a failure, and marks the context as lost where that is what it means.
     *
     * @param result of a call, not success
     * @param call its name, and what it was for
     * @return the exception, for the caller to throw
     */
    DeviceException failure(int result, String call) {
        checkAlive();
        String message = describe(result, call);
        if (CudaResult.isFatal(result)) {
            lost =
                    message
                            + "; the context of this device is lost with all memory in it: close"
                            + " every model on it, then load again";
            return new DeviceException(lost);
        }
        return new DeviceException(message);
    }

    private String describe(int result, String call) {
        return "cuda:"
                + info.ordinal()
                + " "
                + info.name()
                + ": "
                + call
                + ": "
                + library.describe(result);
    }

    /**
     * Adds a holder.
     *
     * @throws DeviceException if the context is lost
     */
    synchronized void hold() {
        checkAlive();
        if (holders == 0) {
            throw new IllegalStateException("cuda:" + info.ordinal() + " is closed");
        }
        holders++;
    }

    /** Ends one hold; the last one releases the context, or resets it if it is lost. */
    synchronized void release() {
        holders--;
        if (holders > 0) {
            return;
        }
        makeCurrent();
        CUevent event;
        while ((event = freeEvents.poll()) != null) {
            JCudaDriver.cuEventDestroy(event);
        }
        CURRENT.remove();
        JCudaDriver.cuCtxSetCurrent(new CUcontext());
        // Results are of no use here: there is nothing left that could fail
        JCudaDriver.cuDevicePrimaryCtxRelease(device);
        if (isLost()) {
            JCudaDriver.cuDevicePrimaryCtxReset(device);
        }
    }

    /**
     * Refuses a lost context that something still hangs on: a new one would be as lost.
     *
     * @throws DeviceException if that is so
     */
    synchronized void checkUsable() {
        if (holders > 0) {
            checkAlive();
        }
    }

    /**
     * Takes an event, one used before if there is any.
     *
     * @return the event, to be given back to {@link #recycle}
     */
    CUevent takeEvent() {
        CUevent event = freeEvents.poll();
        if (event == null) {
            event = new CUevent();
            check(JCudaDriver.cuEventCreate(event, CudaEvent.BLOCKING_SYNC), "cuEventCreate");
        }
        return event;
    }

    /**
     * Takes an event back. A wait that was enqueued for it keeps to what was recorded then.
     *
     * @param event from {@link #takeEvent}
     */
    void recycle(CUevent event) {
        freeEvents.add(event);
    }
}
