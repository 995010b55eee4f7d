/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.device.Backend;
import io.offloadstream.device.SharedTable;
import io.offloadstream.device.Workspace;
import io.offloadstream.device.cpu.CpuBackend;
import io.offloadstream.device.gpu.GpuBackend;
import io.offloadstream.model.LayerState;
import io.offloadstream.ops.ComputeType;
import io.offloadstream.ops.HostRows;
import io.offloadstream.ops.KvPlacement;
import io.offloadstream.ops.KvView;
import io.offloadstream.ops.MeasuringOps;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.RopeTable;
import io.offloadstream.ops.RowMap;
import io.offloadstream.ops.Tensor;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.plan.WeightRef;
import io.offloadstream.platform.Activation;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.HalfFloat;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.cuda.CudaDriver;
import io.offloadstream.platform.gpu.GpuDriver;
import io.offloadstream.platform.opencl.OpenClDriver;
import io.offloadstream.stream.GroupLease;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.testng.SkipException;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** A block of Llama with random weights on a device, against the CPU; through Backend alone. */
public class GpuBlockTest {

    private static final long SEED = 34;
    private static final int ROWS = 75;
    private static final int HIDDEN = 120;
    private static final int HEADS = 6;
    private static final int KV_HEADS = 2;
    private static final int HEAD_DIM = 28;
    private static final int PAGE_TOKENS = 64;
    private static final int PAGES = 2;
    private static final DType KV_TYPE = DType.F16;

    private final LlamaBlock block =
            new LlamaBlock(
                    new LlamaConfig(
                            1,
                            200,
                            1,
                            new AttentionShape(HIDDEN, HEADS, KV_HEADS, HEAD_DIM),
                            Activation.SILU,
                            1e-5f,
                            false,
                            null),
                    new LlamaBlock.Biases(true, false, false),
                    0);

    @DataProvider
    public Object[][] drivers() {
        return new Object[][] {{new OpenClDriver()}, {new CudaDriver()}};
    }

    @Test(dataProvider = "drivers")
    public void theCpusNumbers(GpuDriver driver) {
        requireDevice(driver);
        float[] expected;
        try (Run cpu = new Run(new CpuBackend(2), KvPlacement.DEVICE)) {
            expected = cpu.forward(Phase.PREFILL, 40, ROWS);
        }
        float[] whole = onDevice(driver, KvPlacement.DEVICE, ROWS);
        double difference = 0;
        double norm = 0;
        for (int i = 0; i < expected.length; i++) {
            difference += Math.pow(whole[i] - expected[i], 2);
            norm += Math.pow(expected[i], 2);
        }
        assertTrue(
                Math.sqrt(difference / norm) < 1e-5,
                "seed " + SEED + ": off by " + Math.sqrt(difference / norm));
        assertEquals(onDevice(driver, KvPlacement.DEVICE, 31, 32, ROWS), whole, "in chunks");
        assertEquals(onDevice(driver, KvPlacement.HOST, 50, ROWS), whole, "cache on the host");
    }

    /** A prompt, then a token: few rows have kernels of their own. */
    @Test(dataProvider = "drivers")
    public void aDecodeStep(GpuDriver driver) {
        requireDevice(driver);
        float[][] last = new float[3][];
        List<Run> runs = new ArrayList<>();
        try {
            runs.add(new Run(new CpuBackend(2), KvPlacement.DEVICE));
            runs.add(new Run(openDevice(driver), KvPlacement.DEVICE));
            runs.add(new Run(openDevice(driver), KvPlacement.HOST));
            for (int i = 0; i < last.length; i++) {
                runs.get(i).forward(Phase.PREFILL, ROWS - 1);
                last[i] = runs.get(i).forward(Phase.DECODE, ROWS);
            }
        } finally {
            runs.forEach(Run::close);
        }
        for (int i = 0; i < last[0].length; i++) {
            assertEquals(
                    last[1][i],
                    last[0][i],
                    2e-5 * Math.max(1, Math.abs(last[0][i])),
                    "seed " + SEED + ", element " + i);
        }
        assertEquals(last[2], last[1], "cache on the host");
    }

    private float[] onDevice(GpuDriver driver, KvPlacement placement, int... ends) {
        try (Run run = new Run(openDevice(driver), placement)) {
            return run.forward(Phase.PREFILL, ends);
        }
    }

    private static void requireDevice(GpuDriver driver) {
        GpuDriver.Discovery found = driver.discover();
        if (found.devices().isEmpty()) {
            throw new SkipException("no device of " + driver.name() + ": " + found.problem());
        }
    }

    private static Backend openDevice(GpuDriver driver) {
        return new GpuBackend(driver.open(driver.discover().devices().get(0)), ComputeType.FLOAT32);
    }

    /** The block's weights and one sequence's cache on a backend. */
    private final class Run implements AutoCloseable {

        private final MemoryBudget host = MemoryBudget.unlimited("host");
        private final MemoryBudget device = MemoryBudget.unlimited("device");
        private final List<DeviceBuffer> buffers = new ArrayList<>();
        private final Random random = new Random(SEED);
        private final Backend backend;
        private final KvPlacement placement;
        private final Map<Integer, Tensor> weights = new HashMap<>();
        private final Tensor hidden;
        private final RopeTable rope;
        private final SharedTable table;
        private final KvView cache;
        private final RowMap rows;
        private int done;

        Run(Backend backend, KvPlacement placement) {
            this.backend = backend;
            this.placement = placement;
            hidden = random(DType.F32, 1, ROWS, HIDDEN);
            Tensor cos = random(DType.F32, 1, ROWS, HEAD_DIM / 2);
            rope = new RopeTable(cos, random(DType.F32, 1, ROWS, HEAD_DIM / 2), false);
            table = backend.newTable(host, device, "rows and pages", 8L * PAGES + 16L * ROWS);
            cache = newCache();
            rows = newRows();
            table.publish(0, 8L * PAGES + 16L * ROWS);
        }

        /** Of the same values on every backend, whenever it is first asked for. */
        private Tensor weight(WeightRef ref) {
            random.setSeed(SEED + ref.index());
            long[] shape = block.layout().shape(ref);
            return random(shape.length == 1 ? DType.F32 : DType.BF16, 0.15f, shape);
        }

        private Tensor random(DType type, float scale, long... shape) {
            Tensor shapeOnly = new Tensor(type, 0, shape);
            DeviceBuffer target = backend.allocate(device, "test", shapeOnly.sizeBytes());
            buffers.add(target);
            try (HostMemory source = backend.allocateHost(host, "test", shapeOnly.sizeBytes())) {
                ByteBuffer bytes = source.buffer(0, (int) source.sizeBytes());
                while (bytes.hasRemaining()) {
                    float value = scale * (float) random.nextGaussian();
                    if (type == DType.F32) {
                        bytes.putFloat(value);
                    } else {
                        bytes.putShort(HalfFloat.toBf16(value));
                    }
                }
                backend.computeStream()
                        .upload(source.address(), target.address(), shapeOnly.sizeBytes());
                backend.computeStream().synchronize();
            }
            return new Tensor(type, target.address(), shape);
        }

        /** The pages, the second one first. */
        private KvView newCache() {
            long valueOffset = (long) KV_HEADS * PAGE_TOKENS * HEAD_DIM * KV_TYPE.sizeBytes();
            long pageBytes = 2 * valueOffset;
            boolean isHost = placement == KvPlacement.HOST;
            DeviceBuffer arena =
                    isHost
                            ? backend.allocateHost(host, "cache", PAGES * pageBytes)
                            : backend.allocate(device, "cache", PAGES * pageBytes);
            buffers.add(arena);
            boolean isAbsolute = isHost || backend.computesInHostMemory();
            long first = isAbsolute ? arena.address() : 0;
            ByteBuffer pages = table.buffer(0, 8 * PAGES);
            pages.putLong(0, first + pageBytes);
            pages.putLong(8, first);
            return new KvView(
                    isAbsolute ? 0 : arena.address(),
                    placement,
                    table.address(),
                    PAGES,
                    0,
                    valueOffset,
                    PAGE_TOKENS,
                    KV_HEADS,
                    HEAD_DIM,
                    KV_TYPE,
                    0,
                    0,
                    pages.asLongBuffer(),
                    null);
        }

        private RowMap newRows() {
            int start = 8 * PAGES;
            ByteBuffer targets = table.buffer(start, 8 * ROWS);
            ByteBuffer sequences = table.buffer(start + 8L * ROWS, 4 * ROWS);
            ByteBuffer slots = table.buffer(start + 12L * ROWS, 4 * ROWS);
            for (int row = 0; row < ROWS; row++) {
                long page = cache.hostPages().get(row / PAGE_TOKENS);
                long inPage = (long) row % PAGE_TOKENS * HEAD_DIM * KV_TYPE.sizeBytes();
                targets.putLong(8 * row, page + inPage);
                sequences.putInt(4 * row, 0);
                slots.putInt(4 * row, row);
            }
            long at = table.address() + start;
            return new RowMap(
                    ROWS,
                    at + 8L * ROWS,
                    at + 12L * ROWS,
                    at,
                    new HostRows(
                            sequences.asIntBuffer(), slots.asIntBuffer(), targets.asLongBuffer()));
        }

        /** Runs the rows that are left up to each end, and returns them. */
        float[] forward(Phase phase, int... ends) {
            int begin = done;
            long needed = measure(ROWS);
            try (Workspace workspace = backend.newWorkspace(host, device, 1, needed)) {
                Ops ops = backend.ops(workspace, phase);
                for (int end : ends) {
                    workspace.reset();
                    block.forward(ops, lease(), hidden.rows(done, end), state(done, end));
                    done = end;
                }
                try (HostMemory out =
                        backend.allocateHost(host, "test", 4L * (done - begin) * HIDDEN)) {
                    ops.output(
                            hidden.rows(begin, done),
                            new Tensor(DType.F32, out.address(), done - begin, HIDDEN));
                    backend.computeStream().synchronize();
                    float[] values = new float[(done - begin) * HIDDEN];
                    out.buffer(0, (int) out.sizeBytes()).asFloatBuffer().get(values);
                    return values;
                }
            }
        }

        private long measure(int count) {
            MeasuringOps ops = new MeasuringOps(backend.scratchRules());
            block.forward(ops, lease(), hidden.rows(0, count), state(0, count));
            return ops.peakBytes();
        }

        private LayerState state(int begin, int end) {
            RopeTable part =
                    new RopeTable(rope.cos().rows(begin, end), rope.sin().rows(begin, end), false);
            return new LayerState(rows.rows(begin, end), cache, part);
        }

        private GroupLease lease() {
            return new GroupLease() {
                @Override
                public WeightGroup group() {
                    throw new AssertionError("blocks have no use for the group");
                }

                @Override
                public Tensor get(WeightRef ref) {
                    return ref.isPresent()
                            ? weights.computeIfAbsent(ref.index(), index -> weight(ref))
                            : null;
                }

                @Override
                public void close() {
                    // holds nothing
                }
            };
        }

        @Override
        public void close() {
            table.close();
            buffers.forEach(DeviceBuffer::close);
            backend.close();
            device.close();
            host.close();
        }
    }
}
