/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.cache.KvSequences;
import io.offloadstream.device.Workspace;
import io.offloadstream.ops.KvView;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Phase;
import io.offloadstream.ops.RopeTable;
import io.offloadstream.ops.RowMap;
import io.offloadstream.ops.Tensor;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.plan.WeightRef;
import io.offloadstream.platform.DType;
import io.offloadstream.stream.GroupLease;
import io.offloadstream.stream.RowLease;
import io.offloadstream.stream.StreamPass;
import java.util.ArrayList;
import java.util.List;

/**
 * One pass over the weights for some columns of a token batch: embedding, blocks, final norm, head.
 * Each group is leased once; its rows are run a chunk at a time, so that scratch memory stays
 * bounded and the weights are read once however long the prompt is.
 *
 * <p>Rows are ordered by sequence, then by token.
 */
final class Pass {

    /** Rows of the pass whose results go to consecutive rows of the output. */
    private record Run(int source, int target, int count) {}

    /** Rows that run together through each block. */
    private record Chunk(Tensor hidden, RowMap map, RopeTable rope) {}

    private final ModelPlan plan;
    private final Ops ops;
    private final Workspace workspace;
    private final PassBuffers buffers;
    private final int chunkRows;
    private final KvSequences kv;
    private final TokenBatch input;
    private final int[] positions;
    private final int length;
    private final int batch;
    private final int begin;
    private final int end;
    private final int rows;
    private final Tensor hidden;

    /**
     * Prepares a pass.
     *
     * @param memory what it computes in
     * @param phase of the whole request, whatever part of it this pass runs
     * @param length slots before the batch
     * @param begin first token of each sequence that is run
     * @param end one past the last
     */
    Pass(
            ModelPlan plan,
            RequestMemory memory,
            Phase phase,
            KvSequences kv,
            TokenBatch input,
            int[] positions,
            int length,
            int begin,
            int end) {
        this.plan = plan;
        this.ops = memory.ops(phase);
        this.workspace = memory.workspace();
        this.buffers = memory.buffers();
        this.chunkRows = memory.chunkRows();
        this.kv = kv;
        this.input = input;
        this.positions = positions;
        this.length = length;
        this.batch = input.ids().length / input.tokens();
        this.begin = begin;
        this.end = end;
        this.rows = batch * (end - begin);
        this.hidden = buffers.hidden(rows);
    }

    /** Tells whether any row of these columns has logits to be computed. */
    static boolean wantsLogits(PassOutput output, int tokens, int begin, int end) {
        if (!output.wantsLogits() || output.logitRows() == null) {
            return output.wantsLogits();
        }
        for (int row : output.logitRows()) {
            if (row % tokens >= begin && row % tokens < end) {
                return true;
            }
        }
        return false;
    }

    void run(StreamPass stream, PassOutput output, PassProgress progress) {
        placeRows();
        embed(stream);
        ModelGroups groups = plan.groups();
        List<Run> logitRuns = logitRuns(output);
        List<Chunk> chunks = chunks();
        int total = groups.blocks() + (logitRuns.isEmpty() ? 0 : groups.headParts());
        for (int layer = 0; layer < groups.blocks(); layer++) {
            try (GroupLease lease = stream.next()) {
                runBlock(layer, lease, chunks);
            }
            progress.advanced(layer + 1, total);
        }
        finish(stream, output, logitRuns);
        int column = 0;
        for (int part = 0; part < total - groups.blocks(); part++) {
            try (GroupLease lease = stream.next()) {
                Tensor tile = lease.get(new WeightRef(0));
                if (output.best() == null) {
                    runHead(tile, column, logitRuns, output.logits());
                } else {
                    runBest(tile, part, column, logitRuns, output.best());
                }
                column += tile.rows();
            }
            progress.advanced(groups.blocks() + part + 1, total);
        }
    }

    private void placeRows() {
        Rope rope = plan.decoder().rope().orElse(null);
        float[] frequencies =
                rope == null
                        ? null
                        : rope.inverseFrequencies(TokenPositions.sequenceLength(positions));
        for (int row = 0; row < rows; row++) {
            int sequence = row / (end - begin);
            int token = begin + row % (end - begin);
            int slot = length + token;
            buffers.setRow(row, sequence, slot, kv.target(sequence, slot));
            if (rope != null) {
                int position = positions[sequence * input.tokens() + token];
                buffers.setAngles(row, position, frequencies, rope.attentionFactor());
            }
        }
        buffers.publish(rows);
        kv.publish();
    }

    private void embed(StreamPass stream) {
        Decoder decoder = plan.decoder();
        for (int from = 0; from < rows; from += RequestSizes.LEAST_ROWS) {
            int to = Math.min(rows, from + RequestSizes.LEAST_ROWS);
            Tensor target = hidden.rows(from, to);
            gather(stream, decoder.tokenTable(), input.ids(), from, to, target);
            if (decoder.positionTable().isPresent()) {
                workspace.reset();
                Tensor learned = workspace.allocate(DType.F32, to - from, decoder.hiddenSize());
                gather(stream, decoder.positionTable(), positions, from, to, learned);
                ops.addInPlace(target, learned);
            }
        }
    }

    private void gather(
            StreamPass stream, WeightRef table, int[] values, int from, int to, Tensor target) {
        int[] wanted = new int[to - from];
        for (int row = from; row < to; row++) {
            int sequence = row / (end - begin);
            int token = begin + row % (end - begin);
            wanted[row - from] = values[sequence * input.tokens() + token];
        }
        int group = plan.groups().embedding();
        WeightGroup embedding = plan.groups().all().get(group);
        DType type = embedding.tensors().get(table.index()).type();
        try (RowLease lease = stream.gather(group, table.index(), wanted)) {
            if (type == DType.BF16_PACKED) {
                ops.gatherPacked(lease.addresses(), wanted, lease.escapes(), target);
            } else {
                ops.gather(lease.addresses(), type, target);
            }
        }
    }

    private List<Chunk> chunks() {
        List<Chunk> chunks = new ArrayList<>();
        RowMap map = buffers.map(rows);
        for (int from = 0; from < rows; from += chunkRows) {
            int to = Math.min(rows, from + chunkRows);
            chunks.add(
                    new Chunk(hidden.rows(from, to), map.rows(from, to), buffers.rope(from, to)));
        }
        return chunks;
    }

    private void runBlock(int layer, GroupLease lease, List<Chunk> chunks) {
        Block block = plan.decoder().block(layer);
        KvView view = kv.view(layer);
        for (Chunk chunk : chunks) {
            workspace.reset();
            LayerState state = new LayerState(chunk.map(), view, chunk.rope());
            block.forward(ops, lease, chunk.hidden(), state);
        }
    }

    /** Normalises, in place, the rows that somebody wants, and hands the hidden state out. */
    private void finish(StreamPass stream, PassOutput output, List<Run> logitRuns) {
        List<Run> runs = output.hidden() == null ? logitRuns : allRows();
        if (runs.isEmpty()) {
            return;
        }
        try (GroupLease lease = stream.leaseStatic(plan.groups().finalNorm())) {
            for (Run run : runs) {
                int stop = run.source() + run.count();
                for (int from = run.source(); from < stop; from += chunkRows) {
                    int to = Math.min(stop, from + chunkRows);
                    workspace.reset();
                    Tensor chunk = hidden.rows(from, to);
                    ops.copy(plan.decoder().finalNorm(ops, lease, chunk), chunk);
                    if (output.hidden() != null) {
                        int target = run.target() + from - run.source();
                        ops.output(chunk, output.hidden().rows(target, target + to - from));
                    }
                }
            }
        }
    }

    private void runHead(Tensor tile, int column, List<Run> runs, Tensor logits) {
        for (Run run : runs) {
            int step = Math.min(chunkRows, RequestSizes.HEAD_ROWS);
            for (int done = 0; done < run.count(); done += step) {
                int count = Math.min(step, run.count() - done);
                int source = run.source() + done;
                int target = run.target() + done;
                workspace.reset();
                ops.linearInto(
                        hidden.rows(source, source + count),
                        tile,
                        logits.rows(target, target + count),
                        column);
            }
        }
    }

    /** Looks through the product where it was computed, and hands out the largest alone. */
    private void runBest(Tensor tile, int part, int column, List<Run> runs, BestLogits best) {
        int step = Math.min(chunkRows, BestLogits.STEP_ROWS);
        for (Run run : runs) {
            for (int done = 0; done < run.count(); done += step) {
                int count = Math.min(step, run.count() - done);
                int source = run.source() + done;
                int target = run.target() + done;
                workspace.reset();
                ops.top(
                        ops.linear(hidden.rows(source, source + count), tile, null),
                        column,
                        best.values(part, target, target + count),
                        best.ids(part, target, target + count));
            }
        }
    }

    private List<Run> logitRuns(PassOutput output) {
        if (!output.wantsLogits()) {
            return List.of();
        }
        if (output.logitRows() == null) {
            return allRows();
        }
        List<Run> runs = new ArrayList<>();
        for (int target = 0; target < output.logitRows().length; target++) {
            int sequence = output.logitRows()[target] / input.tokens();
            int token = output.logitRows()[target] % input.tokens();
            if (token >= begin && token < end) {
                append(runs, sequence * (end - begin) + token - begin, target, 1);
            }
        }
        return runs;
    }

    private List<Run> allRows() {
        List<Run> runs = new ArrayList<>();
        for (int sequence = 0; sequence < batch; sequence++) {
            int source = sequence * (end - begin);
            append(runs, source, sequence * input.tokens() + begin, end - begin);
        }
        return runs;
    }

    private static void append(List<Run> runs, int source, int target, int count) {
        if (!runs.isEmpty()) {
            Run last = runs.get(runs.size() - 1);
            if (last.source() + last.count() == source && last.target() + last.count() == target) {
                runs.set(
                        runs.size() - 1,
                        new Run(last.source(), last.target(), last.count() + count));
                return;
            }
        }
        runs.add(new Run(source, target, count));
    }
}
