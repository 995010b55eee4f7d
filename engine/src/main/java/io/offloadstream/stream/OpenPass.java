/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.ops.Tensor;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.platform.Interrupts;
import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.platform.Owned;
import java.util.NoSuchElementException;
import java.util.function.Supplier;

/** The pass whose turn it is. */
final class OpenPass implements StreamPass {

    private final WeightStream stream;
    private final Pipeline pipeline;
    private final StreamCounters counters;
    private final TraceFile trace;
    private SlotLease open;
    private String cancelledBy;
    private boolean closed;

    OpenPass(WeightStream stream, Pipeline pipeline, StreamCounters counters, TraceFile trace) {
        this.stream = stream;
        this.pipeline = pipeline;
        this.counters = counters;
        this.trace = trace;
    }

    @Override
    public GroupLease next() {
        Slot[] slots = leaseNext();
        WeightGroup group = stream.plan().groups().get(slots[0].group()).whole();
        AutoCloseable[] endUses = use(slots);
        long start = System.nanoTime();
        Tensor[] weights = SlotLease.tensors(stream, group, slots);
        open = new SlotLease(group, weights, () -> release(group, slots, endUses, start));
        return open;
    }

    private Slot[] leaseNext() {
        Slot[] slots = tryLease();
        while (slots == Slot.NO_RING) {
            stream.passes().takeRing(this::requireUsable);
            slots = tryLease();
        }
        return slots;
    }

    /** Leases the parts of the next whole when they are all there, if there is a ring for them. */
    private Slot[] tryLease() {
        pipeline.lock.lock();
        try {
            requireUsable();
            if (open != null && open.isOpen()) {
                throw new IllegalStateException(
                        "the lease of " + open.group().name() + " is still open; close it first");
            }
            if (pipeline.atEnd()) {
                throw new NoSuchElementException("the pass has no more groups");
            }
            Slot[] slots = pipeline.next();
            if (slots == null) {
                slots = awaitNext();
            }
            for (Slot slot : slots) {
                pipeline.lease(slot);
            }
            return slots;
        } finally {
            pipeline.lock.unlock();
        }
    }

    private Slot[] awaitNext() {
        WeightGroup part = stream.plan().groups().get(pipeline.computingGroup());
        try {
            pipeline.setWaiting(true);
            return await(part.whole().name(), pipeline::next, WaitKind.COMPUTE);
        } finally {
            pipeline.setWaiting(false);
        }
    }

    /** Lets the computation use the slots of a whole; ends all leases if the device refuses. */
    private AutoCloseable[] use(Slot[] slots) {
        AutoCloseable[] endUses = new AutoCloseable[slots.length];
        int used = 0;
        try {
            while (used < slots.length) {
                Slot slot = slots[used];
                WeightGroup part = stream.plan().groups().get(slot.group());
                endUses[used] = slot.home().use(slot, part);
                used++;
            }
            return endUses;
        } catch (RuntimeException | Error e) {
            for (int i = 0; i < slots.length; i++) {
                endRefused(slots[i], endUses[i], e);
            }
            throw e;
        }
    }

    private void endRefused(Slot slot, AutoCloseable endUse, Throwable refusal) {
        try {
            Owned.closeAll(endUse, () -> release(slot));
        } catch (RuntimeException | Error e) {
            refusal.addSuppressed(e);
        }
    }

    private void release(WeightGroup group, Slot[] slots, AutoCloseable[] endUses, long start) {
        long nanos = System.nanoTime() - start;
        long sizeBytes = stream.plan().wholes().sizeBytes(group.index());
        try {
            Owned.closeAll(endUses);
        } finally {
            pipeline.lock.lock();
            try {
                pipeline.advance(slots);
                counters.computed(sizeBytes, nanos);
            } finally {
                pipeline.lock.unlock();
            }
        }
        if (trace != null) {
            trace.event(TraceFile.COMPUTE_TRACK, group.name(), start, nanos, sizeBytes);
        }
    }

    @Override
    public GroupLease leaseStatic(int index) {
        WeightGroup group = stream.plan().groups().get(index);
        if (group.access() != WeightGroup.Access.STATIC) {
            throw new IllegalArgumentException("group " + group.name() + " is not STATIC");
        }
        Slot slot;
        pipeline.lock.lock();
        try {
            requireUsable();
            slot = awaitResident(index);
            pipeline.lease(slot);
        } finally {
            pipeline.lock.unlock();
        }
        Slot[] slots = {slot};
        AutoCloseable[] endUses = use(slots);
        return new SlotLease(
                group, SlotLease.tensors(stream, group, slots), () -> release(slot, endUses));
    }

    private void release(Slot slot, AutoCloseable[] endUses) {
        try {
            Owned.closeAll(endUses);
        } finally {
            release(slot);
        }
    }

    private void release(Slot slot) {
        pipeline.lock.lock();
        try {
            slot.release();
        } finally {
            pipeline.lock.unlock();
        }
    }

    /** Waits for a STATIC or INDEX group, starting to read it if need be. Under the lock. */
    Slot awaitResident(int group) {
        pipeline.startResident(group);
        String name = stream.plan().groups().get(group).name();
        return await(
                name,
                () -> pipeline.filledOrRetried(stream.residents().find(group), group),
                WaitKind.COMPUTE);
    }

    /** What a wait is counted as. */
    enum WaitKind {
        COMPUTE,
        GATHER
    }

    /**
     * Waits, under the lock, until there is what is wanted: slots that are filled.
     *
     * @param wanted returns null as long as there is not
     * @throws PassCancelledException if the pass is cancelled or the thread interrupted
     * @throws OffloadStreamException if its read failed
     */
    <T> T await(String name, Supplier<T> wanted, WaitKind kind) {
        T found = wanted.get();
        if (found != null) {
            return found;
        }
        long start = System.nanoTime();
        try {
            while (found == null) {
                pipeline.changed().await();
                requireUsable();
                found = wanted.get();
            }
            return found;
        } catch (InterruptedException e) {
            Interrupts.restore();
            throw interrupted();
        } finally {
            long nanos = System.nanoTime() - start;
            if (kind == WaitKind.COMPUTE) {
                counters.waited(nanos);
            }
            if (trace != null) {
                trace.event(TraceFile.COMPUTE_TRACK, "wait for " + name, start, nanos, 0);
            }
        }
    }

    @Override
    public RowLease gather(int group, int tensor, int[] rows) {
        return stream.rows().gather(this, group, tensor, rows);
    }

    void requireUsable() {
        if (cancelledBy != null) {
            throw new PassCancelledException("the pass was cancelled: " + cancelledBy);
        }
        if (closed) {
            throw new IllegalStateException("the pass is closed");
        }
        if (Thread.currentThread().isInterrupted()) {
            throw interrupted();
        }
    }

    private static PassCancelledException interrupted() {
        return new PassCancelledException("the pass was cancelled: its thread was interrupted");
    }

    @Override
    public void cancel() {
        cancel("by another thread");
    }

    void cancel(String who) {
        pipeline.lock.lock();
        try {
            if (cancelledBy == null && !closed) {
                cancelledBy = who;
                pipeline.changed().signalAll();
            }
        } finally {
            pipeline.lock.unlock();
        }
    }

    @Override
    public void close() {
        pipeline.lock.lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            try {
                if (open != null) {
                    open.close();
                }
            } finally {
                stream.rows().endPass();
                stream.endPass(pipeline.end(stream.memory().compute().times()));
                stream.turns().end();
            }
        } finally {
            pipeline.lock.unlock();
        }
        if (trace != null) {
            trace.flush();
        }
    }
}
