/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.cache.KvLayout;
import io.offloadstream.cache.KvPagePool;
import io.offloadstream.cache.KvSequences;
import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.checkpoint.CheckpointException;
import io.offloadstream.ops.ScratchRules;
import io.offloadstream.plan.PlanRequest;
import io.offloadstream.plan.PlanRequest.Mapping;
import io.offloadstream.plan.PlanRequest.Term;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.ResidencyPlanner;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemorySize;
import io.offloadstream.platform.Storage;
import io.offloadstream.platform.StorageFile;
import io.offloadstream.stream.StreamOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a model directory will run under a budget, decided from headers and configuration alone:
 * groups, residency, KV cache, scratch memory. No weight is read.
 */
public final class ModelPlan {

    private static final Logger LOG = LoggerFactory.getLogger(ModelPlan.class);

    /**
     * How many rows a block takes at a time, the most first. Scratch memory grows with it; results
     * do not depend on it. The last is what the least budget is counted with.
     */
    private static final int[] CHUNK_ROWS = {256, 128, 64, 32, 16, 8};

    /** What every model has scratch memory for, and the least budget is counted with. */
    static final int LEAST_ROWS = CHUNK_ROWS[CHUNK_ROWS.length - 1];

    /**
     * A prompt's scratch memory and hidden state are each worth at most this share of the budget.
     */
    private static final int PROMPT_SHARE = 16;

    private final ModelConfig config;
    private final ModelOptions options;
    private final Checkpoint checkpoint;
    private final Decoder decoder;
    private final ModelGroups groups;
    private final KvLayout kvLayout;
    private final int maxSequenceLength;
    private final int blockBytes;
    private final Map<Integer, Long> scratchBytes;
    private final ResidencyPlan residency;

    private ModelPlan(Path directory, ModelOptions options, Storage storage) {
        this.options = options;
        this.config = ModelConfig.read(directory);
        this.decoder = Architectures.find(config).create(config);
        this.checkpoint = Checkpoint.open(directory);
        this.groups = ModelGroups.of(decoder, checkpoint);
        KvShape kv = decoder.kvShape();
        this.kvLayout =
                new KvLayout(decoder.blockCount(), kv.heads(), kv.headDim(), options.kvCacheType());
        this.maxSequenceLength = sequenceLength();
        this.blockBytes = directBlockBytes(storage);
        this.scratchBytes = measureScratch();
        this.residency = chooseResidency();
    }

    /**
     * Plans a model directory.
     *
     * @param directory config.json and safetensors
     * @param options budgets and settings
     * @param storage where files come from
     * @return the plan
     * @throws CheckpointException if the directory is damaged, incomplete or of an unknown
     *     architecture
     * @throws BudgetExceededException if the budget is too small; the message has the least that
     *     works
     */
    public static ModelPlan of(Path directory, ModelOptions options, Storage storage) {
        return new ModelPlan(directory, options, storage);
    }

    private int sequenceLength() {
        if (options.maxSequenceLength() > 0) {
            return options.maxSequenceLength();
        }
        long pages =
                options.hostMemoryBytes()
                        / 4
                        / KvPagePool.chargedBytes(kvLayout, options.maxBatch());
        long holds = Math.max(1, pages) * KvLayout.PAGE_TOKENS;
        if (holds >= decoder.maxPositions()) {
            return decoder.maxPositions();
        }
        LOG.warn(
                "maxSequenceLength is lowered from the model's {} to {}: a quarter of hostMemory={}"
                        + " holds no more KV cache; set maxSequenceLength to reserve more",
                decoder.maxPositions(),
                holds,
                MemorySize.format(options.hostMemoryBytes()));
        return Math.toIntExact(holds);
    }

    private int directBlockBytes(Storage storage) {
        StreamOptions.Io io = options.stream().io();
        if (io == StreamOptions.Io.BUFFERED || io == StreamOptions.Io.MMAP) {
            return 1;
        }
        Path file = groups.all().get(0).tensors().get(0).file();
        try (StorageFile direct = storage.open(file, Storage.Mode.DIRECT)) {
            return direct.blockBytes();
        } catch (UnsupportedOperationException e) {
            // the stream says so, once, when it falls back; slots planned for blocks of 1 fit
            // either way
            return 1;
        } catch (IOException e) {
            throw new CheckpointException(file + " cannot be opened: " + e.getMessage(), e);
        }
    }

    private ResidencyPlan chooseResidency() {
        long budgetBytes = options.hostMemoryBytes();
        StreamOptions.Io io = options.stream().io();
        if (io == StreamOptions.Io.MMAP) {
            return residency(Mapping.REQUIRED, kvPages(), budgetBytes);
        }
        BudgetExceededException notMapped = null;
        if (io == StreamOptions.Io.AUTO) {
            try {
                // a mapped file cannot make room for a growing cache, so all of it is counted
                return residency(Mapping.REQUIRED, kvPages(), budgetBytes);
            } catch (BudgetExceededException e) {
                LOG.debug("not mapped: {}", e.getMessage());
                notMapped = e;
            }
        }
        try {
            return residency(Mapping.NEVER, plannedKvPages(), budgetBytes);
        } catch (BudgetExceededException e) {
            // say the least that works, which may be the mapped files of a small model
            boolean mapsWithLess =
                    notMapped != null && notMapped.requestedBytes() < e.requestedBytes();
            throw mapsWithLess ? notMapped : e;
        }
    }

    private Map<Integer, Long> measureScratch() {
        Map<Integer, Long> bytes = new HashMap<>();
        for (int rows : CHUNK_ROWS) {
            bytes.put(rows, ScratchMeasure.bytes(decoder, kvLayout, rows, ScratchRules.NONE));
        }
        return bytes;
    }

    /**
     * What {@link RequestMemory} may take for a prompt of one chunk: it should not have to push
     * resident groups out.
     */
    private long promptBytes() {
        long share = options.hostMemoryBytes() / PROMPT_SHARE;
        int rows = CHUNK_ROWS[0];
        return Math.min(
                2 * share, scratchBytes(rows) + rows * passRowBytes() + HostMemory.MAPPED_BYTES);
    }

    private long passRowBytes() {
        return PassBuffers.sizeBytes(1, decoder.hiddenSize(), decoder.rope().orElse(null));
    }

    private ResidencyPlan residency(Mapping mapping, int kvPages, long budgetBytes) {
        Rope rope = decoder.rope().orElse(null);
        long hiddenBytes = PassBuffers.sizeBytes(passRows(), decoder.hiddenSize(), rope);
        long tableBytes = KvSequences.tableBytes(options.maxBatch(), maxSequenceLength);
        List<Term> fixed =
                List.of(
                        new Term("scratch", HostMemory.chargedBytes(scratchBytes(LEAST_ROWS))),
                        new Term("hidden state", HostMemory.chargedBytes(hiddenBytes)),
                        new Term("KV cache", KvPagePool.chargedBytes(kvLayout, kvPages)),
                        new Term("KV tables", HostMemory.chargedBytes(tableBytes)));
        return ResidencyPlanner.plan(
                new PlanRequest(
                        groups.all(),
                        fixed,
                        budgetBytes,
                        options.hostSlots(),
                        LEAST_ROWS,
                        blockBytes,
                        mapping,
                        promptBytes()));
    }

    /** Pages that the plan leaves room for: all if a length was asked for, else the first ones. */
    private int plannedKvPages() {
        return isKvReserved() ? kvPages() : options.maxBatch();
    }

    /** Whether the whole KV cache is taken when the model opens. */
    boolean isKvReserved() {
        return options.maxSequenceLength() > 0;
    }

    /** Pages for all sequences at their full length. */
    int kvPages() {
        return Math.multiplyExact(KvLayout.pages(maxSequenceLength), options.maxBatch());
    }

    /** Rows that are always provided for in a pass: a chunk, or one token of each sequence. */
    int passRows() {
        return Math.max(LEAST_ROWS, options.maxBatch());
    }

    /** The most rows that one pass takes if there is memory for them. */
    int mostPassRows() {
        long rows = options.hostMemoryBytes() / PROMPT_SHARE / passRowBytes();
        return (int) Math.min(Integer.MAX_VALUE, rows);
    }

    /**
     * Rows that a block takes at a time in a pass.
     *
     * @param passRows rows of the pass
     * @param availableBytes what the budget has left, for scratch and the pass's buffers
     */
    int chunkRows(int passRows, long availableBytes) {
        long scratchLimit =
                Math.min(
                        options.hostMemoryBytes() / PROMPT_SHARE,
                        availableBytes - passRows * passRowBytes() - HostMemory.MAPPED_BYTES);
        for (int rows : CHUNK_ROWS) {
            if (rows / 2 < passRows && scratchBytes(rows) <= scratchLimit) {
                return rows;
            }
        }
        return LEAST_ROWS;
    }

    /** Scratch memory of a block for some rows of {@link #CHUNK_ROWS}. */
    long scratchBytes(int chunkRows) {
        return scratchBytes.get(chunkRows);
    }

    KvLayout kvLayout() {
        return kvLayout;
    }

    ModelGroups groups() {
        return groups;
    }

    ModelConfig config() {
        return config;
    }

    ModelOptions options() {
        return options;
    }

    /**
     * Returns the decoder.
     *
     * @return what config.json made
     */
    public Decoder decoder() {
        return decoder;
    }

    /**
     * Returns the checkpoint.
     *
     * @return the validated headers
     */
    public Checkpoint checkpoint() {
        return checkpoint;
    }

    /**
     * Returns the longest sequence that a session may have.
     *
     * @return tokens
     */
    public int maxSequenceLength() {
        return maxSequenceLength;
    }

    /**
     * Returns what stays and what streams.
     *
     * @return the residency plan
     */
    public ResidencyPlan residency() {
        return residency;
    }

    /**
     * Returns the least {@code hostMemory} that these options work with, all else equal. With
     * {@code maxSequenceLength} and {@code maxBatch} given it covers requests of that size.
     *
     * @return bytes
     */
    public long leastBytes() {
        StreamOptions.Io io = options.stream().io();
        long read = Long.MAX_VALUE;
        long mapped = Long.MAX_VALUE;
        if (io != StreamOptions.Io.MMAP) {
            read = residency(Mapping.NEVER, plannedKvPages(), Long.MAX_VALUE).leastBytes();
        }
        if (io == StreamOptions.Io.MMAP || io == StreamOptions.Io.AUTO) {
            mapped = residency(Mapping.REQUIRED, kvPages(), Long.MAX_VALUE).leastBytes();
        }
        return Math.min(read, mapped);
    }

    /**
     * Returns what the logits of all positions take on top of the plan, as an NDList predictor
     * returns them.
     *
     * @param batch sequences
     * @param length tokens of each
     * @return bytes
     */
    public long logitsBytes(int batch, int length) {
        return HostMemory.chargedBytes(4L * batch * length * decoder.vocabSize());
    }
}
