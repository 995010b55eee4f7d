/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.gpu.GpuKernel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jcuda.driver.CUfunction;
import jcuda.driver.JCudaDriver;

/**
 * A kernel with a block of native memory for its arguments: the table of pointers that the driver
 * reads, then 8 bytes for each value. A buffer is two parameters, its address and an offset of 0.
 */
final class CudaKernel implements GpuKernel {

    /** More than any kernel has; CUDA's limit is 4 KiB of arguments. */
    static final int MAXIMUM_PARAMETERS = 128;

    /** A CUfunction whose handle libraries beside jcuda can be given. */
    static final class Handle extends CUfunction {

        long value() {
            return getNativePointer();
        }
    }

    private final CudaContext context;
    private final String name;
    private final Handle function;
    private final int[] parameterBytes;
    private final int[] setBytes = new int[MAXIMUM_PARAMETERS];
    private final Memory block = new Memory(2L * Long.BYTES * MAXIMUM_PARAMETERS);
    private final ByteBuffer values;
    private final HostPointer table;
    private int count;

    /**
     * Makes one.
     *
     * @param context whose it is
     * @param name for messages
     * @param function as the driver knows it
     * @param parameterBytes sizes of its parameters, null if not known
     */
    CudaKernel(CudaContext context, String name, Handle function, int[] parameterBytes) {
        this.context = context;
        this.name = name;
        this.function = function;
        this.parameterBytes = parameterBytes;
        long tableBytes = (long) Long.BYTES * MAXIMUM_PARAMETERS;
        for (int i = 0; i < MAXIMUM_PARAMETERS; i++) {
            long offset = (long) Long.BYTES * i;
            block.setPointer(offset, block.share(tableBytes + offset));
        }
        values = block.getByteBuffer(tableBytes, tableBytes).order(ByteOrder.nativeOrder());
        table = new HostPointer(Pointer.nativeValue(block));
        context.hold();
    }

    @Override
    public GpuKernel buffer(long address) {
        values.putLong(next(Long.BYTES), address);
        values.putLong(next(Long.BYTES), 0);
        return this;
    }

    @Override
    public GpuKernel int32(int value) {
        values.putInt(next(Integer.BYTES), value);
        return this;
    }

    @Override
    public GpuKernel int64(long value) {
        values.putLong(next(Long.BYTES), value);
        return this;
    }

    @Override
    public GpuKernel float32(float value) {
        values.putFloat(next(Float.BYTES), value);
        return this;
    }

    private int next(int sizeBytes) {
        if (count == MAXIMUM_PARAMETERS) {
            count = 0;
            throw new IllegalStateException(
                    name + ": more than " + MAXIMUM_PARAMETERS + " parameters");
        }
        setBytes[count] = sizeBytes;
        return Long.BYTES * count++;
    }

    @Override
    public void launch(DeviceStream stream, int groupsX, int groupsY, int groupsZ, int threads) {
        int set = count;
        count = 0;
        checkArguments(set);
        context.use();
        CudaStream target = (CudaStream) stream;
        int result =
                JCudaDriver.cuLaunchKernel(
                        function,
                        groupsX,
                        groupsY,
                        groupsZ,
                        threads,
                        1,
                        1,
                        0,
                        target.handle(),
                        table,
                        null);
        if (result != CudaResult.SUCCESS) {
            throw context.failure(
                    result,
                    "launch of "
                            + name
                            + "("
                            + groupsX
                            + ", "
                            + groupsY
                            + ", "
                            + groupsZ
                            + " groups of "
                            + threads
                            + " threads) on "
                            + target.name());
        }
    }

    private void checkArguments(int set) {
        if (parameterBytes == null) {
            return;
        }
        if (set != parameterBytes.length) {
            throw new IllegalStateException(
                    name
                            + " has "
                            + parameterBytes.length
                            + " parameters (a buffer counts as 2), set were "
                            + set);
        }
        for (int i = 0; i < set; i++) {
            if (setBytes[i] != parameterBytes[i]) {
                throw new IllegalStateException(
                        name
                                + ": parameter "
                                + i
                                + " (a buffer counts as 2) has "
                                + parameterBytes[i]
                                + " bytes, set were "
                                + setBytes[i]);
            }
        }
    }

    @Override
    public void close() {
        if (block.valid()) {
            block.close();
            context.release();
        }
    }
}
