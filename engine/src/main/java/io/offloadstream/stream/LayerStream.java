/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.ops.Tensor;
import io.offloadstream.plan.PlanRequest;
import io.offloadstream.plan.PlanRequest.Mapping;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.ResidencyPlanner;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.plan.WeightGroup.Access;
import io.offloadstream.plan.WeightRef;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.platform.Owned;
import io.offloadstream.platform.PackedBf16;
import io.offloadstream.platform.Storage;
import io.offloadstream.platform.StorageFile;
import io.offloadstream.stream.StreamOptions.Io;
import io.offloadstream.stream.StreamOptions.SchedulerKind;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Streams the layers of a checkpoint whose architecture is not known: a function of the caller's
 * runs on each layer's tensors. Passes of several threads take turns.
 *
 * <p>Tensors are known by their full names and may have any dtype of {@link
 * io.offloadstream.platform.DType}. What belongs to no layer is static: read when it is first asked
 * for, and kept.
 */
public final class LayerStream implements AutoCloseable {

    private final MemoryBudget budget;
    private final WeightStream stream;
    private final Map<String, TensorEntry> statics;
    private final List<List<Layer>> batches;
    private final Map<String, HostMemory> loaded = new HashMap<>();
    private boolean closed;

    /**
     * A layer within the group that it travels in.
     *
     * @param index its number
     * @param places place of each tensor in the group, by full name
     */
    private record Layer(int index, Map<String, Integer> places) {}

    private LayerStream(
            MemoryBudget budget,
            WeightStream stream,
            Map<String, TensorEntry> statics,
            List<List<Layer>> batches) {
        this.budget = budget;
        this.stream = stream;
        this.statics = statics;
        this.batches = batches;
    }

    /**
     * Opens a checkpoint without reading weights.
     *
     * @param directory a model directory, or one safetensors file
     * @param options budget, grouping, reading
     * @return the stream, for the caller to close
     * @throws io.offloadstream.checkpoint.CheckpointException if the checkpoint is damaged
     * @throws io.offloadstream.platform.BudgetExceededException if the budget is too small; the
     *     message has the least that works
     */
    public static LayerStream open(Path directory, LayerStreamOptions options) {
        return open(Checkpoint.open(directory), options);
    }

    /** Likewise, from a checkpoint that is open. */
    static LayerStream open(Checkpoint checkpoint, LayerStreamOptions options) {
        Map<String, TensorEntry> statics = new TreeMap<>();
        TreeMap<Integer, List<TensorEntry>> layers = new TreeMap<>();
        for (TensorEntry entry : checkpoint.tensors().values()) {
            OptionalInt layer = options.grouping().apply(entry.name());
            if (layer.isPresent()) {
                layers.computeIfAbsent(layer.getAsInt(), index -> new ArrayList<>()).add(entry);
            } else {
                statics.put(entry.name(), entry);
            }
        }
        if (layers.isEmpty()) {
            throw new IllegalArgumentException(
                    checkpoint.directory() + ": no tensor belongs to a layer; give a grouping");
        }
        List<WeightGroup> groups = new ArrayList<>();
        List<List<Layer>> batches = new ArrayList<>();
        group(layers, options.layersPerBatch(), groups, batches);
        MemoryBudget budget = new MemoryBudget("hostMemory", options.hostMemoryBytes());
        ResidencyPlan plan = plan(groups, statics, options);
        WeightStream stream =
                WeightStream.open(
                        plan,
                        options.stream(),
                        budget,
                        options.storage(),
                        List.copyOf(statics.values()));
        return new LayerStream(budget, stream, statics, batches);
    }

    private static void group(
            SortedMap<Integer, List<TensorEntry>> layers,
            int layersPerBatch,
            List<WeightGroup> groups,
            List<List<Layer>> batches) {
        List<TensorEntry> tensors = new ArrayList<>();
        List<Layer> batch = new ArrayList<>();
        for (Map.Entry<Integer, List<TensorEntry>> layer : layers.entrySet()) {
            Map<String, Integer> places = new TreeMap<>();
            for (TensorEntry entry : layer.getValue()) {
                places.put(entry.name(), tensors.size());
                tensors.add(entry);
            }
            batch.add(new Layer(layer.getKey(), places));
            if (batch.size() == layersPerBatch || layer.getKey().equals(layers.lastKey())) {
                String name = "layer." + batch.get(0).index();
                groups.add(new WeightGroup(groups.size(), name, Access.STREAMED, tensors));
                batches.add(List.copyOf(batch));
                tensors = new ArrayList<>();
                batch.clear();
            }
        }
    }

    private static ResidencyPlan plan(
            List<WeightGroup> groups,
            Map<String, TensorEntry> statics,
            LayerStreamOptions options) {
        StreamOptions stream = options.stream();
        boolean inBlocks = stream.scheduler() == SchedulerKind.BLOCK && stream.prefetchLayers() > 0;
        int slots = inBlocks ? 2 * stream.prefetchLayers() : stream.prefetchLayers() + 1;
        // static tensors have files of their own, which the planner does not see: mapped they are
        // only if they share the layers' files
        Set<Path> files = new HashSet<>();
        groups.forEach(group -> group.tensors().forEach(entry -> files.add(entry.file())));
        boolean sameFiles =
                statics.values().stream().allMatch(entry -> files.contains(entry.file()));
        Mapping mapping =
                switch (stream.io()) {
                    case MMAP -> Mapping.REQUIRED;
                    case AUTO -> sameFiles ? Mapping.IF_ALL_FITS : Mapping.NEVER;
                    case DIRECT, BUFFERED, GDS -> Mapping.NEVER;
                };
        int block =
                stream.io() == Io.AUTO || stream.io() == Io.DIRECT
                        ? blockBytes(groups.get(0).tensors().get(0).file(), options.storage())
                        : 1;
        return ResidencyPlanner.plan(
                new PlanRequest(
                        groups, List.of(), options.hostMemoryBytes(), slots, 0, block, mapping, 0));
    }

    private static int blockBytes(Path file, Storage storage) {
        try (StorageFile direct = storage.open(file, Storage.Mode.DIRECT)) {
            return direct.blockBytes();
        } catch (UnsupportedOperationException e) {
            // the stream says so when it opens the files
            return 1;
        } catch (IOException e) {
            throw new OffloadStreamException(file + " cannot be opened: " + e, e);
        }
    }

    /**
     * Returns how many layers a pass runs.
     *
     * @return layers
     */
    public int layerCount() {
        return batches.stream().mapToInt(List::size).sum();
    }

    /**
     * Returns the names of what belongs to no layer.
     *
     * @return full names, sorted
     */
    public Set<String> staticNames() {
        return statics.keySet();
    }

    /**
     * Returns a tensor that belongs to no layer, reading it the first time. Layers that are kept in
     * memory make room for it.
     *
     * @param name its full name
     * @return the tensor, valid until this is closed
     * @throws IllegalArgumentException if there is none of that name
     * @throws io.offloadstream.platform.BudgetExceededException if the budget does not hold it
     */
    public synchronized Tensor loadStatic(String name) {
        TensorEntry entry = statics.get(name);
        if (entry == null) {
            throw new IllegalArgumentException(
                    "no static tensor is named " + name + "; there are " + statics.keySet());
        }
        if (closed) {
            throw new IllegalStateException("the layer stream is closed");
        }
        if (entry.type() != DType.BF16_PACKED) {
            return new Tensor(entry.type(), staticAddress(entry), entry.shape());
        }
        TensorEntry escapes = statics.get(name + PackedBf16.SUFFIX);
        if (escapes == null) {
            throw SlotLease.noEscapes(name);
        }
        return Tensor.packed(staticAddress(entry), staticAddress(escapes), 0, entry.shape());
    }

    private long staticAddress(TensorEntry entry) {
        if (stream.plan().isMapped()) {
            return stream.files().mappedAddress(entry.file()) + entry.offset();
        }
        HostMemory memory = loaded.get(entry.name());
        if (memory == null) {
            memory = stream.loader().load(budget, entry);
            loaded.put(entry.name(), memory);
        }
        return memory.address() + stream.loader().offsetInMemory(entry);
    }

    /**
     * Runs a function over all layers in the order of their numbers.
     *
     * @param x what the first layer takes
     * @param layer what to do with each
     * @param <X> what passes from layer to layer
     * @return what the last layer returned
     * @throws PassCancelledException if the thread is interrupted or this is closed
     * @throws io.offloadstream.platform.OffloadStreamException if a read fails
     */
    public <X> X runPass(X x, LayerFunction<X> layer) {
        int[] order = new int[batches.size()];
        Arrays.setAll(order, i -> i);
        X result = x;
        try (StreamPass pass = stream.begin(order)) {
            for (List<Layer> batch : batches) {
                try (GroupLease lease = pass.next()) {
                    for (Layer each : batch) {
                        result = layer.apply(result, new Leased(lease, each), each.index());
                    }
                }
            }
        }
        return result;
    }

    /** One layer of a leased batch. */
    private record Leased(GroupLease lease, Layer layer) implements LayerWeights {

        @Override
        public Tensor get(String name) {
            Integer place = layer.places().get(name);
            if (place == null) {
                throw new IllegalArgumentException(
                        "layer " + layer.index() + " has no " + name + "; it has " + names());
            }
            return lease.get(new WeightRef(place));
        }

        @Override
        public Set<String> names() {
            return layer.places().keySet();
        }
    }

    /**
     * Returns what stays in memory and what streams.
     *
     * @return the plan
     */
    public ResidencyPlan plan() {
        return stream.plan();
    }

    /**
     * Returns what has happened so far.
     *
     * @return a consistent copy
     */
    public StreamStats stats() {
        return stream.stats();
    }

    /** Ends a running pass, closes the files, frees the memory. Twice has no effect. */
    @Override
    public void close() {
        Owned.closeAll(stream, this::free);
    }

    private synchronized void free() {
        if (!closed) {
            closed = true;
            Owned.closeAll(() -> Owned.closeAll(loaded.values()), loaded::clear, budget);
        }
    }
}
