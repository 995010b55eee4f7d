/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.cache.KvArena;
import io.offloadstream.cache.KvPagePool;
import io.offloadstream.cache.KvPages;
import io.offloadstream.cache.KvSequences;
import io.offloadstream.device.Backend;
import io.offloadstream.device.Budgets;
import io.offloadstream.ops.KvPlacement;
import io.offloadstream.plan.Prediction;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.WeightRef;
import io.offloadstream.platform.DeviceMemoryException;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.Owned;
import io.offloadstream.platform.Storage;
import io.offloadstream.stream.StreamStats;
import io.offloadstream.stream.WeightStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A model directory opened under its memory budgets: configuration, plan, weight stream, backend.
 * Opens without reading weights. Thread-safe; sessions of one model take turns pass by pass.
 */
public final class StreamedModel implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(StreamedModel.class);

    private final Path directory;
    private final ModelPlan plan;
    private final Budgets budgets;
    private final Backend backend;
    private final RequestMemory memory;
    private final KvPages pages;
    private final WeightStream stream;
    private final RequestCheck requestCheck;
    private final Lock compute = new ReentrantLock(true);
    private final Owned owned = new Owned();
    private final Set<Session> sessions = new HashSet<>();
    private volatile PassProgress progress;
    private final AtomicBoolean refusalTold = new AtomicBoolean();
    private boolean closed;

    private StreamedModel(
            Path directory, ModelOptions options, Storage storage, Supplier<Backend> opener) {
        this.directory = directory;
        MemoryBudget host = new MemoryBudget("hostMemory", options.hostMemoryBytes());
        try (Owned keep = new Owned()) {
            keep.own(owned);
            backend = owned.own(opener.get());
            MemoryBudget device = host;
            if (backend.computesInHostMemory()) {
                plan = ModelPlan.of(directory, options, storage, backend);
            } else {
                DevicePlace place = DevicePlace.find(directory, options, storage, backend);
                plan = place.plan();
                device = owned.own(place.claim()).budget();
            }
            budgets = new Budgets(host, device);
            memory = owned.own(RequestMemory.least(plan, backend, budgets));
            pages = owned.own(newPages());
            stream =
                    owned.own(
                            WeightStream.open(
                                    plan.residency(),
                                    plan.streamOptions(),
                                    budgets,
                                    backend,
                                    plan.storage()));
            requestCheck =
                    new RequestCheck(
                            plan.decoder().vocabSize(),
                            plan.decoder().hiddenSize(),
                            learnedPositions(),
                            plan.maxSequenceLength());
            progress = plan.options().trackProgress() ? new ProgressLog(LOG) : (done, total) -> {};
            LOG.info("{}: {} on {}", directory, plan.residency(), backend.name());
            keep.release();
        }
    }

    /**
     * Opens a model directory.
     *
     * @param directory as the Hugging Face hub publishes it: config.json and safetensors
     * @param options budgets and settings
     * @return the model, for the caller to close
     * @throws io.offloadstream.checkpoint.CheckpointException if the directory is damaged,
     *     incomplete or of an architecture that is not known
     * @throws io.offloadstream.platform.BudgetExceededException if a budget is too small; the
     *     message has the least that works
     * @throws io.offloadstream.platform.DeviceException if the device is not available or fails
     */
    public static StreamedModel open(Path directory, ModelOptions options) {
        return open(directory, options, Storage.local());
    }

    /**
     * Opens a model directory whose files come from elsewhere.
     *
     * @param directory config.json and safetensors headers
     * @param options budgets and settings
     * @param storage where weights are read from
     * @return the model, for the caller to close
     */
    public static StreamedModel open(Path directory, ModelOptions options, Storage storage) {
        return open(directory, options, storage, options::openBackend);
    }

    /**
     * Opens a model directory on a device that comes from elsewhere.
     *
     * @param directory config.json and safetensors headers
     * @param options budgets and settings; those that choose the backend have no effect
     * @param storage where weights are read from
     * @param opener opens the backend, which is closed with the model
     * @return the model, for the caller to close
     */
    public static StreamedModel open(
            Path directory, ModelOptions options, Storage storage, Supplier<Backend> opener) {
        return new StreamedModel(directory, options, storage, opener);
    }

    private KvPages newPages() {
        KvChoice kv = plan.kv();
        int sequences = plan.options().maxBatch();
        int reserved = kv.isReserved() ? kv.pages(sequences) : 0;
        if (backend.computesInHostMemory()) {
            return new KvPagePool(budgets.host(), plan.kvLayout(), reserved);
        }
        return kv.placement() == KvPlacement.DEVICE
                ? new KvArena(backend, budgets.device(), plan.kvLayout(), reserved)
                : new KvPagePool(backend, budgets.host(), plan.kvLayout(), reserved);
    }

    private int learnedPositions() {
        WeightRef table = plan.decoder().positionTable();
        return table.isPresent()
                ? Math.toIntExact(plan.decoder().embeddingLayout().shape(table)[0])
                : 0;
    }

    /**
     * Memory for a prompt, for the caller to close; null if {@link #memory} is enough or all there
     * is.
     */
    RequestMemory memoryForPrompt(int rows) {
        return RequestMemory.forPrompt(
                plan, backend, budgets, rows, stream::hasRoomForRing, this::promptRefused);
    }

    private void promptRefused(DeviceMemoryException refusal) {
        if (!refusalTold.getAndSet(true)) {
            LOG.warn(
                    "{}: the device gives less than deviceMemory says, so prompts run in smaller"
                            + " chunks: {}",
                    directory,
                    refusal.getMessage());
        }
    }

    /** The memory of the least size, that a model always has. */
    RequestMemory memory() {
        return memory;
    }

    /**
     * Opens a session.
     *
     * @param batch number of sequences, at most {@code maxBatch}
     * @return the session, for the caller to close; closing the model closes it too
     */
    public Session newSession(int batch) {
        if (batch < 1 || batch > plan.options().maxBatch()) {
            throw new IllegalArgumentException(
                    "batch "
                            + batch
                            + " is not between 1 and maxBatch="
                            + plan.options().maxBatch()
                            + "; raise maxBatch");
        }
        synchronized (sessions) {
            if (closed) {
                throw new IllegalStateException("the model is closed");
            }
            Session session =
                    new Session(
                            this,
                            batch,
                            new KvSequences(
                                    backend, budgets, pages, batch, plan.maxSequenceLength()));
            sessions.add(session);
            return session;
        }
    }

    void forget(Session session) {
        synchronized (sessions) {
            sessions.remove(session);
        }
    }

    /**
     * Sets who is told how far a pass has come.
     *
     * @param progress called after each group
     */
    public void setProgress(PassProgress progress) {
        this.progress = progress;
    }

    PassProgress progress() {
        return progress;
    }

    RequestCheck requestCheck() {
        return requestCheck;
    }

    ModelPlan modelPlan() {
        return plan;
    }

    WeightStream stream() {
        return stream;
    }

    /** Held while the operators are in use. */
    Lock compute() {
        return compute;
    }

    /**
     * Returns the decoder.
     *
     * @return what config.json made
     */
    public Decoder decoder() {
        return plan.decoder();
    }

    /**
     * Returns the configuration.
     *
     * @return the parsed config.json
     */
    public ModelConfig config() {
        return plan.config();
    }

    /**
     * Returns the model directory.
     *
     * @return as given
     */
    public Path directory() {
        return directory;
    }

    /**
     * Returns the longest sequence that a session may have.
     *
     * @return tokens
     */
    public int maxSequenceLength() {
        return plan.maxSequenceLength();
    }

    /**
     * Returns the most sequences that a session may have.
     *
     * @return sequences
     */
    public int maxBatch() {
        return plan.options().maxBatch();
    }

    /**
     * Returns the residency plan.
     *
     * @return what stays and what streams
     */
    public ResidencyPlan plan() {
        return plan.residency();
    }

    /**
     * Returns what has happened so far.
     *
     * @return a consistent copy
     */
    public StreamStats stats() {
        return stream.stats();
    }

    /**
     * Prints what has happened so far, and how it compares with what was predicted. Bandwidths are
     * not measured for that: {@code offloadstream plan} does so, and so does opening a model on a
     * device.
     *
     * @return a text of several lines
     */
    public String report() {
        StreamStats stats = stats();
        return stats.toTable()
                + plan.bandwidths()
                        .or(() -> MachineSpeed.known(backend, plan.firstFile(), plan.options()))
                        .map(rates -> Prediction.of(plan.residency(), rates))
                        .map(predicted -> PredictionReport.print(predicted, stats))
                        .orElse("no prediction: offloadstream plan measures the bandwidths\n");
    }

    /**
     * Returns what computes.
     *
     * @return the backend's name
     */
    public String backendName() {
        return backend.name();
    }

    /**
     * Returns the accountant of host memory: NDArrays of this model are charged to it too. It
     * outlives the model as long as somebody holds such an array.
     *
     * @return the budget
     */
    public MemoryBudget budget() {
        return budgets.host();
    }

    /**
     * Allocates memory for the outputs of passes: pinned where there is such a thing, so that what
     * is copied into it holds nobody up before the pass ends.
     *
     * @param purpose for messages
     * @param sizeBytes its size, more than 0
     * @return the memory, zeroed, charged to {@link #budget}, for the caller to close
     * @throws io.offloadstream.platform.BudgetExceededException if the budget does not hold it
     */
    public HostMemory allocateOutput(String purpose, long sizeBytes) {
        return backend.allocateHost(budgets.host(), purpose, sizeBytes);
    }

    /**
     * Returns the accountant of what kernels compute in.
     *
     * @return this model's share of {@code deviceMemory}, the driver's context not counted; the
     *     same as {@link #budget} where kernels compute in host memory
     */
    public MemoryBudget deviceBudget() {
        return budgets.device();
    }

    /** Ends running passes, closes sessions and files, frees the memory. Twice has no effect. */
    @Override
    public void close() {
        List<Session> open;
        synchronized (sessions) {
            if (closed) {
                return;
            }
            sessions.forEach(Session::requireNotOfThisThread);
            closed = true;
            open = new ArrayList<>(sessions);
        }
        Owned.closeAll(() -> Owned.closeAll(open), owned);
    }
}
