/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch;

import static org.testng.Assert.assertThrows;

import io.offloadstream.cache.KvLayout;
import io.offloadstream.cache.KvPagePool;
import io.offloadstream.cache.KvSequences;
import io.offloadstream.device.Budgets;
import io.offloadstream.device.Workspace;
import io.offloadstream.device.cpu.CpuBackend;
import io.offloadstream.model.Architectures;
import io.offloadstream.model.Block;
import io.offloadstream.model.Decoder;
import io.offloadstream.model.LayerState;
import io.offloadstream.model.ModelConfig;
import io.offloadstream.model.Rope;
import io.offloadstream.ops.MeasuringOps;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.RopeTable;
import io.offloadstream.ops.RowMap;
import io.offloadstream.ops.ScratchRules;
import io.offloadstream.ops.Tensor;
import io.offloadstream.plan.GroupLayout;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.plan.WeightRef;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.KernelProvider;
import io.offloadstream.platform.Kernels;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.stream.GroupLease;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** A block needs exactly the scratch memory that was measured, whatever the architecture. */
public class ScratchMemoryTest {

    private static final int SLOTS = 67;

    @DataProvider
    public Object[][] blocks() {
        List<Object[]> blocks = new ArrayList<>();
        for (String json : configs()) {
            for (int rows : new int[] {1, 7, SLOTS}) {
                blocks.add(new Object[] {json, rows});
            }
        }
        return blocks.toArray(new Object[0][]);
    }

    private static List<String> configs() {
        String llama =
                "'vocab_size': 50, 'hidden_size': 36, 'intermediate_size': 50, 'num_hidden_layers':"
                        + " 2, 'num_attention_heads': 6, 'num_key_value_heads': 2, 'head_dim': 10,"
                        + " 'max_position_embeddings': 128}";
        return List.of(
                "{'model_type': 'llama', 'attention_bias': true, 'mlp_bias': true, " + llama,
                "{'model_type': 'qwen2', " + llama,
                "{'model_type': 'mistral', 'sliding_window': 5, " + llama,
                "{'model_type': 'gpt2', 'vocab_size': 50, 'n_embd': 36, 'n_head': 4, 'n_layer': 2,"
                        + " 'n_positions': 128, 'n_inner': 50}");
    }

    @Test(dataProvider = "blocks")
    public void aBlockNeedsExactlyWhatWasMeasured(String json, int rows) throws IOException {
        ModelConfig config = ModelConfig.parse(null, json.replace('\'', '"'));
        Decoder decoder = Architectures.find(config).create(config);
        MeasuringOps measuring = new MeasuringOps(ScratchRules.NONE);
        try (Rows run = new Rows(decoder, rows)) {
            run.forward(measuring);
            long measured = measuring.peakBytes();
            run.forwardIn(measured);
            assertThrows(IllegalStateException.class, () -> run.forwardIn(measured - 1));
        }
    }

    /** What one block takes beside its scratch memory, for a number of rows. */
    private static final class Rows implements AutoCloseable {

        private final MemoryBudget budget = MemoryBudget.unlimited("test");
        private final List<HostMemory> memories = new ArrayList<>();
        private final Kernels kernels = KernelProvider.kernels();
        private final CpuBackend backend = new CpuBackend(kernels, 2);
        private final KvPagePool pool;
        private final KvSequences cache;
        private final Block block;
        private final Tensor hidden;
        private final LayerState state;

        Rows(Decoder decoder, int rows) {
            block = decoder.block(0);
            hidden = zeros(rows, decoder.hiddenSize());
            KvLayout layout =
                    new KvLayout(
                            decoder.blockCount(),
                            decoder.kvShape().heads(),
                            decoder.kvShape().headDim(),
                            DType.F32);
            pool = new KvPagePool(budget, layout, 0);
            cache = new KvSequences(backend, new Budgets(budget, budget), pool, 1, SLOTS);
            cache.grow(rows);
            RopeTable rope = decoder.rope().map(r -> table(r, rows)).orElse(null);
            state = new LayerState(map(rows), cache.view(0), rope);
        }

        private RopeTable table(Rope rope, int rows) {
            return new RopeTable(zeros(rows, rope.halfDim()), zeros(rows, rope.halfDim()), false);
        }

        private RowMap map(int rows) {
            HostMemory memory = HostMemory.allocate(budget, "rows", 16L * rows);
            memories.add(memory);
            ByteBuffer all = memory.buffer(0, 16 * rows);
            for (int i = 0; i < rows; i++) {
                all.putLong(8 * i, cache.target(0, i));
                all.putInt(8 * rows + 4 * i, i);
            }
            long at = memory.address();
            return new RowMap(rows, at + 12L * rows, at + 8L * rows, at);
        }

        private Tensor zeros(long... shape) {
            Tensor sizes = new Tensor(DType.F32, 0, shape);
            HostMemory memory = HostMemory.allocate(budget, "tensor", sizes.sizeBytes());
            memories.add(memory);
            return new Tensor(DType.F32, memory.address(), shape);
        }

        void forwardIn(long workspaceBytes) {
            try (Workspace workspace = backend.newWorkspace(budget, budget, 0, workspaceBytes)) {
                forward(backend.ops(workspace, Phase.DECODE));
            }
        }

        void forward(Ops ops) {
            block.forward(ops, new ZeroLease(block.layout()), hidden, state);
        }

        @Override
        public void close() {
            cache.close();
            pool.close();
            memories.forEach(HostMemory::close);
            backend.close();
            budget.close();
        }

        /** Weights of the stated shapes, all zero. */
        private final class ZeroLease implements GroupLease {

            private final GroupLayout layout;

            ZeroLease(GroupLayout layout) {
                this.layout = layout;
            }

            @Override
            public WeightGroup group() {
                throw new AssertionError("blocks have no use for the group");
            }

            @Override
            public Tensor get(WeightRef ref) {
                return ref.isPresent() ? zeros(layout.shape(ref)) : null;
            }

            @Override
            public void close() {
                // the memory goes with the test
            }
        }
    }
}
