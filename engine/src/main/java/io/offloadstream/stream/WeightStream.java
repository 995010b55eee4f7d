/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.plan.WeightGroup.Access;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.Interrupts;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.platform.Storage;
import io.offloadstream.stream.StreamOptions.Io;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Yields weight groups in the order of a pass, reading ahead of it: a ring of slots filled by
 * reader threads, and slots of their own for resident groups. Order is circular: the first groups
 * of the next pass are read while the last ones of this pass compute.
 *
 * <p>When somebody else needs memory, pinned groups give theirs up and stream. A stream that had no
 * ring, because everything was pinned, keeps as much of that memory as its ring needs.
 */
public final class WeightStream implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(WeightStream.class);

    private final ResidencyPlan plan;
    private final MemoryBudget budget;
    private final WeightFiles files;
    private final TraceFile trace;
    private final ResidentSet residents;
    private final Pipeline pipeline;
    private final Turns turns;
    private final RowGather rows;
    private final StreamCounters counters = new StreamCounters();
    private final List<Thread> readers = new ArrayList<>();
    private final PassMemory memory;

    private WeightStream(
            ResidencyPlan plan,
            StreamOptions options,
            MemoryBudget budget,
            WeightFiles files,
            TraceFile trace) {
        this.plan = plan;
        this.budget = budget;
        this.files = files;
        this.trace = trace;
        residents = new ResidentSet(plan, budget);
        Piece[][] pieces = new Piece[plan.groups().size()][];
        for (int i = 0; i < pieces.length; i++) {
            pieces[i] = Piece.cut(plan.extents(i), files, options.readThreads(), plan.blockBytes());
        }
        pipeline = new Pipeline(plan, Scheduler.of(options), residents, pieces, counters);
        turns = new Turns(pipeline.lock);
        memory = new PassMemory(plan, budget, pipeline, residents);
        boolean complete = false;
        RowGather opened = null;
        try {
            residents.open();
            for (int i = 0; i < plan.slotCount(); i++) {
                pipeline.ring()
                        .add(new Slot(HostMemory.allocate(budget, "ring", plan.slotBytes())));
            }
            opened = new RowGather(this, pipeline, counters, budget);
            complete = true;
        } finally {
            if (!complete) {
                pipeline.closeRing();
                residents.close();
            }
        }
        rows = opened;
        for (int i = 0; i < options.readThreads() && !plan.isMapped(); i++) {
            Thread reader = new Thread(new Reader(pipeline, files, trace, i + 1), "ofs-read-" + i);
            reader.setDaemon(true);
            readers.add(reader);
        }
    }

    /**
     * Opens the files, allocates the ring and starts the readers.
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
        if (options.readThreads() < 1 || options.prefetchLayers() < 0) {
            throw new IllegalArgumentException(
                    "readThreads must be at least 1 and prefetchLayers at least 0: " + options);
        }
        SortedMap<Path, Long> sizes = new TreeMap<>();
        plan.groups().forEach(group -> group.tensors().forEach(entry -> addFile(sizes, entry)));
        others.forEach(entry -> addFile(sizes, entry));
        if (!plan.isMapped()) {
            return openRead(plan, options, budget, storage, sizes);
        }
        WeightFiles files;
        try {
            files = WeightFiles.map(sizes, budget, storage);
        } catch (UnsupportedOperationException e) {
            if (options.io() != Io.AUTO) {
                throw new OffloadStreamException(
                        "io=mmap is refused: " + e.getMessage() + "; use io=auto", e);
            }
            LOG.warn("mapping is refused, reading files instead: {}", e.getMessage());
            return openRead(plan.withoutMapping(), options, budget, storage, sizes);
        }
        return start(plan, options, budget, files);
    }

    private static void addFile(SortedMap<Path, Long> sizes, TensorEntry entry) {
        sizes.merge(entry.file(), entry.offset() + entry.sizeBytes(), Math::max);
    }

    private static WeightStream openRead(
            ResidencyPlan plan,
            StreamOptions options,
            MemoryBudget budget,
            Storage storage,
            SortedMap<Path, Long> sizes) {
        if (options.io() == Io.MMAP) {
            throw new IllegalArgumentException("io=mmap needs a plan that maps the files");
        }
        return start(
                plan,
                options,
                budget,
                WeightFiles.open(sizes, options.io(), plan.blockBytes(), storage));
    }

    private static WeightStream start(
            ResidencyPlan plan, StreamOptions options, MemoryBudget budget, WeightFiles files) {
        TraceFile trace = null;
        WeightStream stream = null;
        try {
            trace = TraceFile.openIfAsked(options);
            stream = new WeightStream(plan, options, budget, files, trace);
        } finally {
            if (stream == null) {
                if (trace != null) {
                    trace.close();
                }
                files.close();
            }
        }
        boolean started = false;
        try {
            stream.readers.forEach(Thread::start);
            started = true;
        } finally {
            if (!started) {
                stream.close();
            }
        }
        budget.addReclaimer(stream.memory);
        return stream;
    }

    /**
     * Begins a pass, waiting for earlier ones to end.
     *
     * @param order indices of STREAMED groups, in the order in which {@link StreamPass#next} yields
     *     them
     * @return the pass, for the caller to close
     * @throws PassCancelledException if the calling thread is interrupted while waiting
     * @throws io.offloadstream.platform.OffloadStreamException if a file has changed since it was
     *     opened
     */
    public StreamPass begin(int[] order) {
        for (int group : order) {
            if (plan.groups().get(group).access() != Access.STREAMED) {
                throw new IllegalArgumentException(
                        "group " + plan.groups().get(group).name() + " is not STREAMED");
            }
        }
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
            memory.take(order);
            begun = true;
        } finally {
            pipeline.lock.lock();
            try {
                if (begun) {
                    pipeline.begin(order.clone());
                    turns.began(pass);
                } else {
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
        return memory.hasRoomForRing();
    }

    /** Where a tensor of a group lies in the slot that holds the group. */
    long address(WeightGroup group, int tensor, Slot slot) {
        if (slot.memory() == null) {
            TensorEntry entry = group.tensors().get(tensor);
            return files.mappedAddress(entry.file()) + entry.offset();
        }
        return slot.memory().address() + plan.extents(group.index()).tensorOffset(tensor);
    }

    long[] addresses(WeightGroup group, Slot slot) {
        long[] addresses = new long[group.tensors().size()];
        Arrays.setAll(addresses, i -> address(group, i, slot));
        return addresses;
    }

    /** Reads single tensors, for the layers' owner. */
    TensorLoader loader() {
        return new TensorLoader(pipeline, files, readers.size(), plan.blockBytes());
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
        pipeline.lock.lock();
        try {
            return counters.snapshot(
                    files.io(), residents.pinnedBytes(), residents.reclaimedGroups());
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
        budget.removeReclaimer(memory);
        joinReaders();
        pipeline.lock.lock();
        try {
            rows.close();
            pipeline.closeRing();
            residents.close();
        } finally {
            pipeline.lock.unlock();
        }
        if (trace != null) {
            trace.close();
        }
        files.close();
    }

    private void joinReaders() {
        boolean interrupted = false;
        for (Thread reader : readers) {
            while (reader.isAlive()) {
                try {
                    reader.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Interrupts.restore();
        }
    }
}
