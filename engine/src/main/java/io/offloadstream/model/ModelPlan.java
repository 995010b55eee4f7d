/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.cache.KvLayout;
import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.checkpoint.CheckpointException;
import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.device.Backend;
import io.offloadstream.model.PlanInput.Planned;
import io.offloadstream.ops.ComputeType;
import io.offloadstream.plan.Bandwidths;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.WeightGroup.Access;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.DeviceFile;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.Storage;
import io.offloadstream.platform.StorageFile;
import io.offloadstream.quant.Quantization;
import io.offloadstream.stream.StreamOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * How a model directory will run under its budgets, decided from headers and configuration alone:
 * groups, residency, KV cache, scratch memory. No weight is read, unless the options ask for the
 * checksums of a packed copy to be verified.
 */
public final class ModelPlan {

    private final ModelConfig config;
    private final ModelOptions options;
    private final Checkpoint checkpoint;
    private final Storage storage;
    private final Path firstFile;
    private final Decoder decoder;
    private final ModelGroups groups;
    private final KvLayout kvLayout;
    private final Planned planned;
    private final Bandwidths bandwidths;
    private final DeviceBudget deviceBudget;
    private final LongSupplier leastBytes;
    private final long deviceLeastBytes;

    private ModelPlan(
            Path directory,
            ModelOptions options,
            Storage storage,
            Backend backend,
            boolean verify) {
        boolean hasDevice = !backend.computesInHostMemory();
        options.device().requireUse(options.stream().io(), hasDevice, backend.name());
        this.options = options;
        this.config = ModelConfig.read(directory);
        this.decoder = Architectures.find(config).create(config);
        Checkpoint original = Checkpoint.open(directory);
        if (verify) {
            Checkpoint.verify(directory);
        }
        QuantizedCheckpoint quantized =
                QuantizedCheckpoint.of(decoder, original, options.quantize(), storage);
        this.checkpoint = quantized.checkpoint();
        this.storage = quantized.storage();
        this.groups =
                ModelGroups.of(
                        decoder, checkpoint, streamsParts(options, hasDevice), options.hostSlots());
        if (!hasDevice) {
            requireRoundedWeights(directory);
        }
        this.firstFile = original.get(groups.all().get(0).tensors().get(0).name()).file();
        KvShape kv = decoder.kvShape();
        this.kvLayout =
                new KvLayout(decoder.blockCount(), kv.heads(), kv.headDim(), options.kvCacheType());
        PlanInput input =
                new PlanInput(
                        options, decoder, groups, kvLayout, directBlockBytes(storage), backend);
        if (!hasDevice) {
            this.bandwidths = null;
            this.deviceBudget = null;
            HostPlanning planning = new HostPlanning(input);
            this.leastBytes = planning::leastBytes;
            this.deviceLeastBytes = 0;
            this.planned = choose(planning, directory);
        } else {
            this.bandwidths = MachineSpeed.find(backend, firstFile(), options);
            this.deviceBudget = DeviceBudget.of(options.device(), backend).orElseThrow();
            DevicePlanning planning = new DevicePlanning(input, deviceBudget, bandwidths);
            this.planned = planning.choose();
            long[] least = planning.leastBytes();
            this.leastBytes = () -> least[0];
            this.deviceLeastBytes = least[1];
        }
        requireQuantizedOnce(directory);
    }

    /** Other schedulers count whole groups, and a device's slots are aligned tensor by tensor. */
    private static boolean streamsParts(ModelOptions options, boolean hasDevice) {
        StreamOptions stream = options.stream();
        return stream.scheduler() == StreamOptions.SchedulerKind.COST_AWARE
                && stream.prefetchLayers() > 0
                && !hasDevice;
    }

    /** What was asked for would change nothing. */
    private void requireRoundedWeights(Path directory) {
        ComputeType computeType = options.device().computeType();
        if (computeType == ComputeType.INT8 && !hasMatrix(Set.of(DType.Q8_0, DType.Q4_0))) {
            throw new IllegalArgumentException(
                    "computeType=int8: "
                            + directory
                            + " has no weights of Q8_0 or Q4_0, and all others take activations in"
                            + " float32; leave it out, or quantise the weights by quantize=int8 or"
                            + " int4");
        }
        if (computeType == ComputeType.BFLOAT16
                && !hasMatrix(Set.of(DType.BF16, DType.BF16_PACKED))) {
            throw new IllegalArgumentException(
                    "computeType=bfloat16: "
                            + directory
                            + " has no matrices of bfloat16, and on the cpu backend all others take"
                            + " activations in float32; leave it out, or for weights of Q8_0 or"
                            + " Q4_0 choose computeType=int8");
        }
    }

    /** Tables whose rows are gathered are multiplied by nothing. */
    private boolean hasMatrix(Set<DType> types) {
        return groups.all().stream()
                .filter(group -> group.access() == Access.STREAMED)
                .flatMap(group -> group.tensors().stream())
                .anyMatch(t -> types.contains(t.type()) && t.shape().length > 1);
    }

    /** What would not even stream does not fit when it must all stay in memory. */
    private Planned choose(HostPlanning planning, Path directory) {
        try {
            return planning.choose();
        } catch (BudgetExceededException e) {
            throw options.quantize() == Quantization.NONE ? e : quantizedTooLarge(directory);
        }
    }

    /** What is quantised while it is read must be read once only. */
    private void requireQuantizedOnce(Path directory) {
        if (options.quantize() != Quantization.NONE && residency().streamedBytesPerPass() > 0) {
            throw quantizedTooLarge(directory);
        }
    }

    private BudgetExceededException quantizedTooLarge(Path directory) {
        List<TensorEntry> weights =
                groups.all().stream()
                        .flatMap(group -> group.tensors().stream())
                        .map(part -> checkpoint.get(part.name()))
                        .toList();
        return QuantizeRefusal.of(directory, options, weights, leastBytes());
    }

    /**
     * Plans a model directory for what the options would choose to compute on. The backend is
     * opened for its numbers and closed again.
     *
     * @param directory config.json and safetensors
     * @param options budgets and settings
     * @param storage where files come from
     * @return the plan
     * @throws CheckpointException if the directory is damaged, incomplete or of an unknown
     *     architecture
     * @throws IllegalArgumentException if an option makes no sense for what computes, or for the
     *     model
     * @throws BudgetExceededException if a budget is too small; the message has the least that
     *     works
     */
    public static ModelPlan of(Path directory, ModelOptions options, Storage storage) {
        try (Backend backend = options.openBackend()) {
            return of(directory, options, storage, backend);
        }
    }

    /**
     * Plans a model directory.
     *
     * @param directory config.json and safetensors
     * @param options budgets and settings
     * @param storage where files come from
     * @param backend what will compute
     * @return the plan
     * @throws CheckpointException if the directory is damaged, incomplete or of an unknown
     *     architecture
     * @throws IllegalArgumentException if an option makes no sense on that backend
     * @throws BudgetExceededException if a budget is too small; the message has the least that
     *     works
     */
    public static ModelPlan of(
            Path directory, ModelOptions options, Storage storage, Backend backend) {
        return new ModelPlan(directory, options, storage, backend, options.verify());
    }

    /** Plans once more what was planned before: its checksums are not compared again. */
    static ModelPlan again(Path directory, ModelOptions options, Storage storage, Backend backend) {
        return new ModelPlan(directory, options, storage, backend, false);
    }

    private int directBlockBytes(Storage storage) {
        StreamOptions.Io io = options.stream().io();
        if (io == StreamOptions.Io.BUFFERED || io == StreamOptions.Io.MMAP) {
            return 1;
        }
        Path file = firstFile();
        try (StorageFile direct = storage.open(file, Storage.Mode.DIRECT)) {
            boolean gds = io == StreamOptions.Io.GDS;
            return gds
                    ? Math.max(DeviceFile.BLOCK_BYTES, direct.blockBytes())
                    : direct.blockBytes();
        } catch (UnsupportedOperationException e) {
            // the stream says so, once, when it falls back; slots planned for blocks of 1 fit
            // either way
            return 1;
        } catch (IOException e) {
            throw new CheckpointException(file + " cannot be opened: " + e.getMessage(), e);
        }
    }

    /**
     * Returns a file of weights, to measure the disk with.
     *
     * @return that of the first block
     */
    public Path firstFile() {
        return firstFile;
    }

    /** Where the weights of the checkpoint are read from. */
    Storage storage() {
        return storage;
    }

    /** What requests take. */
    RequestSizes sizes() {
        return planned.sizes();
    }

    /** Where the KV cache is. */
    KvChoice kv() {
        return planned.kv();
    }

    /**
     * Returns what the machine was taken for.
     *
     * @return the bandwidths; empty where kernels compute in host memory, for there they decide
     *     nothing
     */
    public Optional<Bandwidths> bandwidths() {
        return Optional.ofNullable(bandwidths);
    }

    /** What the plan may have of a device, or null where kernels compute in host memory. */
    DeviceBudget deviceBudget() {
        return deviceBudget;
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
        return planned.kv().maxSequenceLength();
    }

    /** How weights are read: as far ahead as the ring that was planned, if that is to choose. */
    StreamOptions streamOptions() {
        int slots = residency().slotCount();
        boolean isDeeper = residency().hasDevice() && slots > options.device().deviceSlots();
        return isDeeper ? options.stream().withPrefetchLayers(slots - 1) : options.stream();
    }

    /**
     * Returns what stays and what streams.
     *
     * @return the residency plan
     */
    public ResidencyPlan residency() {
        return planned.residency();
    }

    /**
     * Returns the least {@code hostMemory} that these options work with, all else equal. With
     * {@code maxSequenceLength} and {@code maxBatch} given it covers requests of that size.
     *
     * @return bytes
     */
    public long leastBytes() {
        return leastBytes.getAsLong();
    }

    /**
     * Returns the least {@code deviceMemory} that these options work with, all else equal.
     *
     * @return bytes, one less is refused; 0 where kernels compute in host memory
     */
    public long deviceLeastBytes() {
        return deviceLeastBytes;
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
