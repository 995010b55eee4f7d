/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import static org.testng.Assert.assertEquals;

import io.offloadstream.device.Workspace;
import io.offloadstream.device.cpu.CpuBackend;
import io.offloadstream.ops.ComputeType;
import io.offloadstream.ops.Gemm;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.HalfFloat;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Owned;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuDriver;
import io.offloadstream.platform.opencl.OpenClDriver;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.testng.SkipException;

/**
 * The OpenCL device of this machine beside the CPU, and tensors that both have: what one computes
 * is compared with what the other does. Tests skip where there is no device.
 */
final class GpuFixture implements AutoCloseable {

    private static final long WORKSPACE_BYTES = 96L << 20;
    static final int LONGEST_ROW_BYTES = 8192;

    /** A tensor on both sides. */
    record Twin(Tensor host, Tensor device) {}

    final MemoryBudget host = MemoryBudget.unlimited("host");
    final MemoryBudget device = MemoryBudget.unlimited("device");
    final GpuBackend backend;
    final GpuWorkspace workspace;
    final Ops reference;
    private final CpuBackend cpu = new CpuBackend(2);
    private final Workspace cpuWorkspace;
    private final Map<Phase, Ops> ops = new EnumMap<>(Phase.class);

    /** Null where the device is not CUDA's, or others have the card too. */
    private final CudaCard card;

    private final List<DeviceBuffer> held = new ArrayList<>();
    private Random random = new Random(0);
    private long seed;

    GpuFixture() {
        this(openDevice());
    }

    GpuFixture(Gpu gpu) {
        this(gpu, 0, 0);
    }

    /** A device beside so many threads of the host that attend to caches there. */
    GpuFixture(Gpu gpu, int attentionThreads, long attentionBytes) {
        this(gpu, attentionThreads, attentionBytes, null);
    }

    private GpuFixture(Gpu gpu, int attentionThreads, long attentionBytes, CudaCard card) {
        this.card = card;
        backend = new GpuBackend(gpu, ComputeType.FLOAT32, Gemm.OWN, attentionThreads);
        workspace =
                (GpuWorkspace)
                        backend.newWorkspace(
                                host, device, LONGEST_ROW_BYTES, WORKSPACE_BYTES, attentionBytes);
        cpuWorkspace = cpu.newWorkspace(host, host, 0, WORKSPACE_BYTES);
        reference = cpu.ops(cpuWorkspace, Phase.PREFILL);
        for (Phase phase : Phase.values()) {
            ops.put(phase, backend.ops(workspace, phase));
        }
    }

    /** Takes a card over, and opens it. */
    static GpuFixture of(CudaCard card) {
        try (Owned owned = new Owned()) {
            owned.own(card);
            GpuFixture opened = new GpuFixture(card.open(), 0, 0, card);
            owned.release();
            return opened;
        }
    }

    /**
     * Opens the device that tests run on.
     *
     * @throws SkipException where there is none
     */
    static Gpu openDevice() {
        GpuDriver driver = new OpenClDriver();
        GpuDriver.Discovery found = driver.discover();
        if (found.devices().isEmpty()) {
            throw new SkipException("no OpenCL device: " + found.problem());
        }
        return driver.open(found.devices().get(0));
    }

    Ops ops(Phase phase) {
        return ops.get(phase);
    }

    /** Begins a test: its values follow from the seed, its scratch memory is free. */
    void begin(long newSeed) {
        seed = newSeed;
        random = new Random(newSeed);
        reset();
    }

    void reset() {
        backend.computeStream().synchronize();
        workspace.reset();
        cpuWorkspace.reset();
    }

    Random random() {
        return random;
    }

    String seed() {
        return "seed " + seed + ": ";
    }

    HostMemory hostMemory(long sizeBytes) {
        HostMemory memory = HostMemory.allocate(host, "test", sizeBytes);
        held.add(memory);
        return memory;
    }

    DeviceBuffer deviceMemory(long sizeBytes) {
        DeviceBuffer memory = backend.allocate(device, "test", sizeBytes);
        held.add(memory);
        return memory;
    }

    /** Copies bytes to memory of the device of their own. */
    long upload(long hostSource, long sizeBytes) {
        DeviceBuffer memory = deviceMemory(sizeBytes);
        backend.computeStream().upload(hostSource, memory.address(), sizeBytes);
        backend.computeStream().synchronize();
        return memory.address();
    }

    /** Normally distributed values on both sides. */
    Twin random(DType type, long... shape) {
        Tensor x = hostTensor(type, shape);
        ByteBuffer bytes = HostMemory.view(x.address(), (int) x.sizeBytes());
        for (int i = 0; i < x.count(); i++) {
            put(bytes, type, i, (float) random.nextGaussian());
        }
        return twin(x);
    }

    Tensor hostTensor(DType type, long... shape) {
        Tensor shapeOnly = new Tensor(type, 0, shape);
        return new Tensor(type, hostMemory(shapeOnly.sizeBytes()).address(), shape);
    }

    Twin twin(Tensor x) {
        return new Twin(x, new Tensor(x.type(), upload(x.address(), x.sizeBytes()), x.shape()));
    }

    static void put(ByteBuffer bytes, DType type, int index, float value) {
        switch (type) {
            case F32 -> bytes.putFloat(4 * index, value);
            case F16 -> bytes.putShort(2 * index, HalfFloat.toF16(value));
            case BF16 -> bytes.putShort(2 * index, HalfFloat.toBf16(value));
            default -> throw new AssertionError(type);
        }
    }

    /** Reads float32 values of the device. */
    float[] read(Tensor x) {
        Tensor copy = hostTensor(DType.F32, x.shape());
        ops.get(Phase.DECODE).output(x, copy);
        backend.computeStream().synchronize();
        return values(copy);
    }

    static float[] values(Tensor x) {
        float[] values = new float[(int) x.count()];
        HostMemory.view(x.address(), (int) x.sizeBytes()).asFloatBuffer().get(values);
        return values;
    }

    void assertClose(Tensor actual, Tensor expected, double tolerance, String what) {
        float[] a = read(actual);
        float[] e = values(expected);
        assertEquals(actual.shape(), expected.shape(), seed() + what);
        for (int i = 0; i < e.length; i++) {
            double limit = tolerance * Math.max(1, Math.abs(e[i]));
            assertEquals(a[i], e[i], limit, seed() + what + ", element " + i);
        }
    }

    void assertSameBits(float[] actual, float[] expected, String what) {
        assertEquals(Arrays.mismatch(bits(actual), bits(expected)), -1, seed() + what);
    }

    private static int[] bits(float[] values) {
        int[] bits = new int[values.length];
        Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
        return bits;
    }

    /** Frees what tests took; fails if anything is left. */
    @Override
    public void close() {
        Owned.closeAll(
                workspace,
                () -> Owned.closeAll(held),
                backend,
                cpuWorkspace,
                cpu,
                device,
                host,
                card);
    }
}
