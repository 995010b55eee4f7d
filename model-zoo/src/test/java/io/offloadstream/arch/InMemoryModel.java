/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch;

import io.offloadstream.cache.KvLayout;
import io.offloadstream.cache.KvPagePool;
import io.offloadstream.cache.KvSequences;
import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.device.Budgets;
import io.offloadstream.device.Workspace;
import io.offloadstream.device.cpu.CpuBackend;
import io.offloadstream.model.Decoder;
import io.offloadstream.model.KvShape;
import io.offloadstream.model.LayerState;
import io.offloadstream.model.Rope;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.RopeTable;
import io.offloadstream.ops.RowMap;
import io.offloadstream.ops.Tensor;
import io.offloadstream.plan.GroupLayout;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.plan.WeightRef;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.Kernels;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.stream.GroupLease;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A decoder with all its weights in memory and one sequence, to test architectures alone. */
final class InMemoryModel implements AutoCloseable {

    private static final int MAX_SLOTS = 192;
    private static final long WORKSPACE_BYTES = 64L << 20;

    private final MemoryBudget budget = MemoryBudget.unlimited("test");
    private final List<HostMemory> memories = new ArrayList<>();
    private final Map<String, Tensor> tensors = new HashMap<>();
    private final Decoder decoder;
    private final Checkpoint checkpoint;
    private final CpuBackend backend;
    private final Workspace workspace;
    private final Ops ops;
    private final KvPagePool pool;
    private final KvSequences cache;
    private int length;

    InMemoryModel(Decoder decoder, Checkpoint checkpoint, Kernels kernels) {
        this.decoder = decoder;
        this.checkpoint = checkpoint;
        backend = new CpuBackend(kernels, 2);
        workspace = backend.newWorkspace(budget, budget, 0, WORKSPACE_BYTES);
        ops = backend.ops(workspace, Phase.DECODE);
        KvShape shape = decoder.kvShape();
        KvLayout layout =
                new KvLayout(decoder.blockCount(), shape.heads(), shape.headDim(), DType.F32);
        pool = new KvPagePool(budget, layout, 0);
        cache = new KvSequences(backend, new Budgets(budget, budget), pool, 1, MAX_SLOTS);
    }

    /**
     * Runs tokens behind those already run.
     *
     * @param ids their ids
     * @return hidden states as goldens have them (embedding, each block but the last, final norm),
     *     then logits; each row-major
     */
    List<float[]> forward(int... ids) {
        List<float[]> outputs = new ArrayList<>();
        int rows = ids.length;
        cache.grow(length + rows);
        Tensor hidden = allocate(rows, decoder.hiddenSize());
        embed(ids, hidden);
        RowMap map = rowMap(rows);
        RopeTable rope = decoder.rope().map(r -> ropeTable(r, rows)).orElse(null);
        for (int layer = 0; layer < decoder.blockCount(); layer++) {
            outputs.add(read(hidden));
            LayerState state = new LayerState(map, cache.view(layer), rope);
            decoder.block(layer)
                    .forward(ops, lease(decoder.block(layer).layout(), layer), hidden, state);
            workspace.reset();
        }
        Tensor last = decoder.finalNorm(ops, lease(decoder.finalLayout(), 0), hidden);
        outputs.add(read(last));
        Tensor head = lease(decoder.headLayout(), 0).get(new WeightRef(0));
        Tensor logits = allocate(rows, decoder.vocabSize());
        int half = decoder.vocabSize() / 2; // in two tiles, as the head travels
        ops.linearInto(last, head.rows(0, half), logits, 0);
        ops.linearInto(last, head.rows(half, decoder.vocabSize()), logits, half);
        outputs.add(read(logits));
        workspace.reset();
        length += rows;
        return outputs;
    }

    /** Forgets the sequence. */
    void reset() {
        cache.clear();
        length = 0;
    }

    private void embed(int[] ids, Tensor hidden) {
        GroupLease lease = lease(decoder.embeddingLayout(), 0);
        Tensor table = lease.get(decoder.tokenTable());
        ops.gather(rowAddresses(table, ids), table.type(), hidden);
        if (decoder.positionTable().isPresent()) {
            Tensor positions = lease.get(decoder.positionTable());
            int[] at = new int[ids.length];
            Arrays.setAll(at, i -> length + i);
            Tensor rows = allocate(ids.length, decoder.hiddenSize());
            ops.gather(rowAddresses(positions, at), positions.type(), rows);
            ops.addInPlace(hidden, rows);
        }
    }

    private static long[] rowAddresses(Tensor table, int[] rows) {
        return Arrays.stream(rows).mapToLong(row -> table.rows(row, row + 1).address()).toArray();
    }

    private RowMap rowMap(int rows) {
        HostMemory memory = HostMemory.allocate(budget, "rows", 16L * rows);
        memories.add(memory);
        ByteBuffer all = memory.buffer(0, 16 * rows);
        for (int i = 0; i < rows; i++) {
            all.putLong(8 * i, cache.target(0, length + i));
            all.putInt(8 * rows + 4 * i, length + i);
            all.putInt(12 * rows + 4 * i, 0);
        }
        long at = memory.address();
        return new RowMap(rows, at + 12L * rows, at + 8L * rows, at);
    }

    private RopeTable ropeTable(Rope rope, int rows) {
        float[] frequencies = rope.inverseFrequencies(length + rows);
        Tensor cos = allocate(rows, rope.halfDim());
        Tensor sin = allocate(rows, rope.halfDim());
        ByteBuffer cosines = HostMemory.view(cos.address(), (int) cos.sizeBytes());
        ByteBuffer sines = HostMemory.view(sin.address(), (int) sin.sizeBytes());
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < frequencies.length; i++) {
                float angle = (length + row) * frequencies[i];
                int at = 4 * (row * frequencies.length + i);
                cosines.putFloat(at, (float) Math.cos(angle) * rope.attentionFactor());
                sines.putFloat(at, (float) Math.sin(angle) * rope.attentionFactor());
            }
        }
        return new RopeTable(cos, sin, rope.interleaved());
    }

    private GroupLease lease(GroupLayout layout, int layer) {
        List<Tensor> parts = layout.bind(checkpoint, layer).stream().map(this::load).toList();
        return new GroupLease() {
            @Override
            public WeightGroup group() {
                throw new AssertionError("blocks have no use for the group");
            }

            @Override
            public Tensor get(WeightRef ref) {
                return ref.isPresent() ? parts.get(ref.index()) : null;
            }

            @Override
            public void close() {
                // nothing is held
            }
        };
    }

    private Tensor load(TensorEntry entry) {
        return tensors.computeIfAbsent(
                entry.name(), name -> new Tensor(entry.type(), read(entry), entry.shape()));
    }

    private long read(TensorEntry entry) {
        HostMemory memory = HostMemory.allocate(budget, "weights", entry.sizeBytes());
        memories.add(memory);
        try (FileChannel channel = FileChannel.open(entry.file())) {
            ByteBuffer target = memory.buffer(0, (int) entry.sizeBytes());
            while (target.hasRemaining()) {
                if (channel.read(target, entry.offset() + target.position()) < 0) {
                    throw new AssertionError(entry + " ends early");
                }
            }
            return memory.address();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private Tensor allocate(int rows, int columns) {
        HostMemory memory = HostMemory.allocate(budget, "activations", 4L * rows * columns);
        memories.add(memory);
        return new Tensor(DType.F32, memory.address(), rows, columns);
    }

    private static float[] read(Tensor x) {
        float[] values = new float[(int) x.count()];
        HostMemory.view(x.address(), (int) x.sizeBytes()).asFloatBuffer().get(values);
        return values;
    }

    @Override
    public void close() {
        cache.close();
        pool.close();
        workspace.close();
        backend.close();
        memories.forEach(HostMemory::close);
        budget.close();
    }
}
