/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Owned;
import io.offloadstream.platform.gpu.Gpu;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** A device, a stream of it, and tensors in its memory. */
final class TestGpu implements AutoCloseable {

    /** What a test fills results with before a kernel writes them. */
    private static final byte FILL = (byte) 0x7f;

    private final MemoryBudget host = MemoryBudget.unlimited("host");
    private final MemoryBudget device = MemoryBudget.unlimited("device");
    private final List<DeviceBuffer> buffers = new ArrayList<>();
    private final Gpu gpu;
    private final DeviceStream stream;

    /** Null where the device is not CUDA's. */
    private final CudaCard card;

    private TestGpu(Gpu gpu, CudaCard card) {
        this.gpu = gpu;
        this.card = card;
        stream = gpu.newStream("test");
    }

    static TestGpu of(Gpu gpu) {
        return new TestGpu(gpu, null);
    }

    /** Takes a card over, and opens it. */
    static TestGpu of(CudaCard card) {
        try (Owned owned = new Owned()) {
            owned.own(card);
            TestGpu opened = new TestGpu(card.open(), card);
            owned.release();
            return opened;
        }
    }

    Gpu gpu() {
        return gpu;
    }

    DeviceStream stream() {
        return stream;
    }

    /** Stores a tensor so many bytes behind an aligned address. */
    Tensor put(DType type, byte[] bytes, int offsetBytes, long... shape) {
        DeviceBuffer buffer = gpu.allocate(device, "tensor", bytes.length + offsetBytes);
        buffers.add(buffer);
        try (HostMemory memory = gpu.allocateHost(host, "upload", bytes.length)) {
            memory.buffer(0, bytes.length).put(bytes);
            stream.upload(memory.address(), buffer.address() + offsetBytes, bytes.length);
            stream.synchronize();
        }
        return new Tensor(type, buffer.address() + offsetBytes, shape);
    }

    Tensor floats(float[] values, long... shape) {
        ByteBuffer bytes =
                ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return put(DType.F32, bytes.array(), 0, shape);
    }

    /** A result to be, full of what no product is. */
    Tensor result(int rows, int columns) {
        byte[] bytes = new byte[rows * columns * Float.BYTES];
        Arrays.fill(bytes, FILL);
        return put(DType.F32, bytes, 0, rows, columns);
    }

    float[] read(Tensor tensor) {
        int size = Math.toIntExact(tensor.sizeBytes());
        float[] values = new float[size / Float.BYTES];
        try (HostMemory memory = gpu.allocateHost(host, "download", size)) {
            stream.download(tensor.address(), memory.address(), size, size, 1);
            stream.synchronize();
            memory.buffer(0, size).order(ByteOrder.nativeOrder()).asFloatBuffer().get(values);
        }
        return values;
    }

    /** Frees the tensors. */
    void clear() {
        stream.synchronize();
        buffers.forEach(DeviceBuffer::close);
        buffers.clear();
    }

    @Override
    public void close() {
        Owned.closeAll(this::clear, stream, gpu, host, device, card);
    }
}
