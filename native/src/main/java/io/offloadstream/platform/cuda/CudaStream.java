/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import com.sun.jna.Platform;
import io.offloadstream.platform.DeviceEvent;
import io.offloadstream.platform.DeviceStream;
import java.util.concurrent.atomic.AtomicBoolean;
import jcuda.driver.CUDA_MEMCPY2D;
import jcuda.driver.CUevent;
import jcuda.driver.CUmemorytype;
import jcuda.driver.CUstream;
import jcuda.driver.JCudaDriver;

/** A stream of the driver that does not wait for the default stream. */
final class CudaStream implements DeviceStream {

    /** CU_STREAM_NON_BLOCKING. */
    static final int NON_BLOCKING = 1;

    /** A CUstream whose handle libraries beside jcuda can be given. */
    static final class Handle extends CUstream {

        long value() {
            return getNativePointer();
        }
    }

    private final CudaContext context;
    private final CudaClock clock;
    private final String name;
    private final Handle stream = new Handle();
    private final AtomicBoolean closed = new AtomicBoolean();

    /**
     * Makes a stream.
     *
     * @param context whose it is, held until {@link #close}
     * @param clock of the device
     * @param name for messages
     */
    CudaStream(CudaContext context, CudaClock clock, String name) {
        this.context = context;
        this.clock = clock;
        this.name = name;
        context.use();
        context.check(
                JCudaDriver.cuStreamCreate(stream, NON_BLOCKING), "cuStreamCreate of " + name);
        context.hold();
    }

    Handle handle() {
        if (closed.get()) {
            throw new IllegalStateException("stream " + name + " is closed");
        }
        return stream;
    }

    String name() {
        return name;
    }

    @Override
    public void upload(long hostSource, long target, long sizeBytes) {
        context.use();
        context.check(
                JCudaDriver.cuMemcpyHtoDAsync(
                        new DevicePointer(target),
                        new HostPointer(hostSource),
                        sizeBytes,
                        handle()),
                "upload of " + sizeBytes + " bytes on " + name);
    }

    @Override
    public void download(
            long source, long hostTarget, long hostStrideBytes, long rowBytes, int rows) {
        context.use();
        if (rows == 1 || hostStrideBytes == rowBytes) {
            download(source, hostTarget, rowBytes * rows);
        } else if (hostStrideBytes > Integer.MAX_VALUE) {
            // CU_DEVICE_ATTRIBUTE_MAX_PITCH is that on every card so far
            for (int row = 0; row < rows; row++) {
                download(source + row * rowBytes, hostTarget + row * hostStrideBytes, rowBytes);
            }
        } else {
            CUDA_MEMCPY2D copy = new CUDA_MEMCPY2D();
            copy.srcMemoryType = CUmemorytype.CU_MEMORYTYPE_DEVICE;
            copy.srcDevice = new DevicePointer(source);
            copy.srcPitch = rowBytes;
            copy.dstMemoryType = CUmemorytype.CU_MEMORYTYPE_HOST;
            copy.dstHost = new HostPointer(hostTarget);
            copy.dstPitch = hostStrideBytes;
            copy.WidthInBytes = rowBytes;
            copy.Height = rows;
            context.check(
                    JCudaDriver.cuMemcpy2DAsync(copy, handle()),
                    "download of " + rows + " rows of " + rowBytes + " bytes on " + name);
        }
    }

    private void download(long source, long hostTarget, long sizeBytes) {
        context.check(
                JCudaDriver.cuMemcpyDtoHAsync(
                        new HostPointer(hostTarget),
                        new DevicePointer(source),
                        sizeBytes,
                        handle()),
                "download of " + sizeBytes + " bytes on " + name);
    }

    @Override
    public void copy(long source, long target, long sizeBytes) {
        context.use();
        context.check(
                JCudaDriver.cuMemcpyDtoDAsync(
                        new DevicePointer(target), new DevicePointer(source), sizeBytes, handle()),
                "copy of " + sizeBytes + " bytes on " + name);
    }

    @Override
    public DeviceEvent record() {
        context.use();
        CUevent event = context.takeEvent();
        int result = JCudaDriver.cuEventRecord(event, handle());
        if (result != CudaResult.SUCCESS) {
            context.recycle(event);
            throw context.failure(result, "cuEventRecord on " + name);
        }
        return new CudaEvent(context, clock, event);
    }

    @Override
    public void await(DeviceEvent event) {
        context.use();
        context.check(
                JCudaDriver.cuStreamWaitEvent(handle(), ((CudaEvent) event).handle(), 0),
                "cuStreamWaitEvent on " + name);
    }

    @Override
    public void flush() {
        // Linux hands over every call at once; Windows collects them until somebody asks
        if (Platform.isWindows()) {
            context.use();
            int result = JCudaDriver.cuStreamQuery(handle());
            if (result != CudaResult.NOT_READY) {
                context.check(result, "cuStreamQuery of " + name);
            }
        }
    }

    @Override
    public void synchronize() {
        context.use();
        context.check(JCudaDriver.cuStreamSynchronize(handle()), "the work on stream " + name);
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            context.makeCurrent();
            JCudaDriver.cuStreamSynchronize(stream);
            JCudaDriver.cuStreamDestroy(stream);
            context.release();
        }
    }
}
