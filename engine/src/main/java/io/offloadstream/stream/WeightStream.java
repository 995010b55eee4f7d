/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.device.Backend;
import io.offloadstream.device.Budgets;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.GdsStatus;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.platform.Owned;
import io.offloadstream.platform.Storage;
import io.offloadstream.stream.StreamOptions.Io;
import java.util.List;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Yields weight groups in the order of a pass, reading ahead of it: a ring of slots filled by
 * reader threads, and slots of their own for resident groups. Order is circular: the first groups
 * of the next pass are read while the last ones of this pass compute.
 *
 * <p>When somebody else needs memory, pinned groups give theirs up and stream. A stream that had no
 * ring, because everything was pinned, keeps as much of that memory as its ring needs.
 */
public final class WeightStream implements AutoCloseable {

    private final ResidencyPlan plan;
    private final WeightFiles files;
    private final TraceFile trace;
    private final StreamMemory memory;
    private final ResidentSet residents;
    private final Pipeline pipeline;
    private final Turns turns;
    private final RowGather rows;
    private final StreamCounters counters = new StreamCounters();
    private final ReaderThreads readers;
    private final Pacing pacing;
    private final PassMemory passes;

    private WeightStream(
            OpenedFiles found,
            StreamOptions options,
            Budgets budgets,
            Backend backend,
            TraceFile trace,
            LongSupplier clock) {
        this.plan = found.plan();
        this.files = found.files();
        this.trace = trace;
        pacing = new Pacing(plan, options, files, trace);
        WeightFiles gdsFiles = options.io() == Io.GDS ? files : null;
        memory = new StreamMemory(plan, budgets, backend, pacing.pieces(), gdsFiles, trace);
        residents = new ResidentSet(plan, memory.compute(), memory.host());
        pipeline = new Pipeline(plan, Scheduler.of(options), residents, counters);
        turns = new Turns(pipeline.lock);
        passes = new PassMemory(plan, memory, pipeline, residents);
        try (Owned opened = new Owned()) {
            opened.own(this::freeMemory);
            residents.open();
            for (int i = 0; i < plan.slotCount(); i++) {
                pipeline.ring().add(memory.compute().newSlot("ring", plan.slotBytes()));
            }
            rows = new RowGather(this, pipeline, counters);
            opened.release();
        }
        int threads = plan.isMapped() ? 0 : pacing.threads();
        applyPace();
        readers = new ReaderThreads(threads, pipeline, files, trace, clock);
    }

    /**
     * Opens the files, allocates the ring and starts the readers, for kernels that compute in host
     * memory.
     *
     * @param plan groups, tiers, ring
     * @param options io, scheduler, threads, trace
     * @param budget what slots and resident groups are charged to; the stream registers as its
     *     reclaimer, resident groups that are not leased being what it gives back
     * @param storage where the files come from
     * @return the stream, for the caller to close
     * @throws OffloadStreamException if a file cannot be opened, is shorter than its tensors, or
     *     the system refuses the io that was asked for
     * @throws BudgetExceededException if the budget does not hold what the plan charges
     */
    public static WeightStream open(
            ResidencyPlan plan, StreamOptions options, MemoryBudget budget, Storage storage) {
        return open(plan, options, budget, storage, List.of());
    }

    /** Likewise, with files open for {@link #loader} too. */
    static WeightStream open(
            ResidencyPlan plan,
            StreamOptions options,
            MemoryBudget budget,
            Storage storage,
            List<TensorEntry> others) {
        if (plan.hasDevice()) {
            throw new IllegalArgumentException("a plan for a device needs the device");
        }
        Budgets budgets = new Budgets(budget, budget);
        return open(plan, options, budgets, null, storage, others, System::nanoTime);
    }

    /** Likewise, with the time that reads take told by another clock. */
    static WeightStream open(
            ResidencyPlan plan,
            StreamOptions options,
            MemoryBudget budget,
            Storage storage,
            LongSupplier clock) {
        Budgets budgets = new Budgets(budget, budget);
        return open(plan, options, budgets, null, storage, List.of(), clock);
    }

    /**
     * Opens the files, allocates the ring and starts the readers.
     *
     * @param plan groups, tiers, ring, staging; made for this backend
     * @param options io, scheduler, threads, trace
     * @param budgets what slots, resident groups, staging and host groups are charged to; the
     *     stream registers as the reclaimer of both, what is not in use being what it gives back
     * @param backend that computes; it must outlive the stream
     * @param storage where the files come from
     * @return the stream, for the caller to close
     * @throws OffloadStreamException if a file cannot be opened, is shorter than its tensors, or
     *     the system refuses the io that was asked for
     * @throws BudgetExceededException if a budget does not hold what the plan charges
     * @throws io.offloadstream.platform.DeviceException if the device refuses memory
     */
    public static WeightStream open(
            ResidencyPlan plan,
            StreamOptions options,
            Budgets budgets,
            Backend backend,
            Storage storage) {
        if (plan.hasDevice() == backend.computesInHostMemory()) {
            throw new IllegalArgumentException(
                    "the plan is not for " + backend.name() + ": " + plan);
        }
        return open(plan, options, budgets, backend, storage, List.of(), System::nanoTime);
    }

    private static WeightStream open(
            ResidencyPlan plan,
            StreamOptions options,
            Budgets budgets,
            Backend backend,
            Storage storage,
            List<TensorEntry> others,
            LongSupplier clock) {
        if (options.readThreads() < 1 || options.prefetchLayers() < 0) {
            throw new IllegalArgumentException(
                    "readThreads must be at least 1 and prefetchLayers at least 0: " + options);
        }
        if (options.io() == Io.GDS && !plan.hasDevice()) {
            throw new IllegalArgumentException("io=gds needs a device; use io=auto");
        }
        WeightStream stream;
        try (Owned owned = new Owned()) {
            OpenedFiles opened = OpenedFiles.open(plan, options, budgets.host(), storage, others);
            owned.own(opened.files());
            int readers = Pacing.search(opened.plan(), options).mostRequests();
            TraceFile trace = owned.own(TraceFile.openIfAsked(options, readers));
            stream = new WeightStream(opened, options, budgets, backend, trace, clock);
            owned.release();
        }
        stream.start(storage.isReadOnce());
        return stream;
    }

    private void start(boolean keepsWhatItRead) {
        boolean started = false;
        try {
            readers.start();
            started = true;
        } finally {
            if (!started) {
                close();
            }
        }
        if (!keepsWhatItRead) {
            memory.startGivingBack(pipeline, residents, passes);
        }
    }

    /**
     * Begins a pass, waiting for earlier ones to end.
     *
     * @param order indices of STREAMED groups, in the order in which {@link StreamPass#next} yields
     *     them; the parts of a whole, which it yields together, one behind the other
     * @return the pass, for the caller to close
     * @throws PassCancelledException if the calling thread is interrupted while waiting
     * @throws io.offloadstream.platform.OffloadStreamException if a file has changed since it was
     *     opened
     */
    public StreamPass begin(int[] order) {
        plan.wholes().requireStreamed(order);
        OpenPass pass = new OpenPass(this, pipeline, counters, trace);
        pipeline.lock.lock();
        try {
            turns.take();
        } finally {
            pipeline.lock.unlock();
        }
        boolean begun = false;
        try {
            files.checkUnchanged();
            memory.compute().beforePass(!pipeline.isLastComplete());
            passes.take(order, applyPace());
            begun = true;
        } finally {
            pipeline.lock.lock();
            try {
                if (begun) {
                    pipeline.begin(order.clone());
                    turns.began(pass);
                } else {
                    pipeline.signalAll();
                    turns.end();
                }
            } finally {
                pipeline.lock.unlock();
            }
        }
        return pass;
    }

    /**
     * Tells whether the budget still has what streaming needs at least. Whoever takes memory that
     * it could do without asks this afterwards.
     *
     * @return true if a pass that begins now gets its ring
     */
    public boolean hasRoomForRing() {
        return passes.hasRoomForRing();
    }

    /** Where a tensor of a group lies in the slot that holds the group. */
    long address(WeightGroup group, int tensor, Slot slot) {
        if (slot.memory() == null) {
            TensorEntry entry = group.tensors().get(tensor);
            return files.mappedAddress(entry.file()) + entry.offset();
        }
        return slot.memory().address() + slot.home().layout(group.index()).tensorOffset(tensor);
    }

    /** Reads single tensors, for the layers' owner. */
    TensorLoader loader() {
        int readers = pacing.pace().requests();
        return new TensorLoader(pipeline, files, memory.host(), readers, plan.blockBytes());
    }

    /** Makes the pace decided last take effect, and returns how many slots it wants. */
    private int applyPace() {
        pipeline.lock.lock();
        try {
            pacing.apply(pipeline);
            return pacing.wantedSlots();
        } finally {
            pipeline.lock.unlock();
        }
    }

    /** Takes in what a pass has cost; null if it did not run to its end. */
    void endPass(PassCost cost) {
        if (cost != null) {
            pacing.passEnded(cost);
        }
    }

    PassMemory passes() {
        return passes;
    }

    StreamMemory memory() {
        return memory;
    }

    WeightFiles files() {
        return files;
    }

    ResidentSet residents() {
        return residents;
    }

    RowGather rows() {
        return rows;
    }

    Turns turns() {
        return turns;
    }

    /**
     * Returns the plan in effect.
     *
     * @return as given, or without mapping where the system refused to map
     */
    public ResidencyPlan plan() {
        return plan;
    }

    /**
     * Returns how many rows one {@link StreamPass#gather} takes.
     *
     * @return rows
     */
    public int gatherRows() {
        return plan.gatherRows();
    }

    /**
     * Returns what has happened so far.
     *
     * @return a consistent copy
     */
    public StreamStats stats() {
        Optional<GdsStatus> gds = memory.gds();
        long readerCpuNanos = readers.cpuNanos(); // asks the system, thread by thread
        pipeline.lock.lock();
        try {
            return counters.snapshot(
                    files.io(),
                    gds,
                    memory.compute().times(),
                    residents.pinnedBytes(),
                    memory.hostGroups().keptBytes(),
                    residents.reclaimedGroups() + memory.hostGroups().reclaimedGroups(),
                    readerCpuNanos,
                    pacing);
        } finally {
            pipeline.lock.unlock();
        }
    }

    /**
     * Ends a running pass, stops the readers, closes the files, frees the memory. Who calls it
     * while another thread does waits for that.
     */
    @Override
    public void close() {
        pipeline.lock.lock();
        try {
            if (!turns.close()) {
                return;
            }
            pipeline.stop();
        } finally {
            pipeline.lock.unlock();
        }
        try {
            release();
        } finally {
            pipeline.lock.lock();
            try {
                turns.released();
            } finally {
                pipeline.lock.unlock();
            }
        }
    }

    private void release() {
        memory.stopGivingBack(passes);
        readers.join();
        pipeline.lock.lock();
        try {
            Owned.closeAll(rows::close, this::freeMemory);
        } finally {
            pipeline.lock.unlock();
            Owned.closeAll(trace, files);
        }
    }

    private void freeMemory() {
        Owned.closeAll(memory::stop, pipeline::closeRing, residents::close, memory);
    }
}
