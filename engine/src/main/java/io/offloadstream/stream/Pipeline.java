/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.plan.WeightGroup.Access;
import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.platform.Owned;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Which group is read into which slot, and when: the meeting place of the readers and the pass.
 *
 * <p>For each position of the {@link PassOrder} there is a slot of the ring, or memory of the
 * group's own, or nothing yet; readers fill the first position that has nothing as soon as the
 * scheduler allows and a slot is free.
 *
 * <p>One lock guards all of it, which is never held while reading or allocating.
 */
final class Pipeline {

    final ReentrantLock lock = new ReentrantLock();

    /** Signalled when a slot has been filled, has failed, or the pass was cancelled. */
    private final Condition changed = lock.newCondition();

    private final ResidencyPlan plan;
    private final Scheduler scheduler;
    private final ResidentSet residents;
    private final int[] statics;
    private Piece[][] pieces;
    private final StreamCounters counters;
    private final List<Slot> ring = new ArrayList<>();
    private final ReadQueue requests;
    private final PassOrder order = new PassOrder();
    private boolean complete = true;
    private boolean waiting;

    /** Nothing is left to be read ahead until something else than a lease's end changes that. */
    private boolean everythingHasAPlace;

    private long passNumber;

    Pipeline(
            ResidencyPlan plan,
            Scheduler scheduler,
            ResidentSet residents,
            StreamCounters counters) {
        this.plan = plan;
        this.scheduler = scheduler;
        this.residents = residents;
        this.counters = counters;
        statics =
                plan.groups().stream()
                        .filter(group -> group.access() == Access.STATIC)
                        .mapToInt(WeightGroup::index)
                        .toArray();
        requests =
                new ReadQueue(
                        lock, this::assignNext, group -> plan.groups().get(group).name(), counters);
    }

    /** What readers take. */
    ReadQueue requests() {
        return requests;
    }

    List<Slot> ring() {
        return ring;
    }

    Condition changed() {
        return changed;
    }

    /**
     * Sets how what is not being read yet will be read.
     *
     * @param mostInFlight requests
     * @param newPieces of each group
     */
    void setPace(int mostInFlight, Piece[][] newPieces) {
        pieces = newPieces;
        requests.setMostInFlight(mostInFlight);
        readOn();
    }

    /** Lets readers look again for what they may read. */
    private void readOn() {
        everythingHasAPlace = false;
        requests.wake();
    }

    /** Reports a request as done, or failed; its reader comes back for the next one. */
    void complete(Work done, PieceReads reads, OffloadStreamException failure) {
        lock.lock();
        try {
            if (requests.complete(done, reads, failure)) {
                everythingHasAPlace = false;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /** Starts to read into a slot, before or after what is being read already. */
    void startReading(Slot slot, int group, Piece[] what, boolean urgent) {
        enqueue(slot, group, what, urgent);
        readOn();
    }

    private void enqueue(Slot slot, int group, Piece[] what, boolean urgent) {
        slot.startReading(group, what, passNumber);
        if (slot.hasPieces()) {
            requests.add(slot, urgent);
        } else {
            changed.signalAll();
        }
    }

    /** Starts to read a group into memory of its own, if that has not been done. */
    void startResident(int group) {
        Slot slot = residents.find(group);
        if (slot != null && slot.state() == Slot.State.FREE) {
            startReading(slot, group, pieces[group], true);
        }
    }

    /** Starts to read the first group that lacks a slot; false if nothing may be read now. */
    private boolean assignNext() {
        if (everythingHasAPlace) {
            return false;
        }
        int held = 0;
        int computing = order.computing();
        for (int position = computing; position < order.end(); position++) {
            if (order.slot(position) != null) {
                held++;
                continue;
            }
            int group = order.group(position);
            Slot resident = residents.find(group);
            if (resident != null && resident.state() != Slot.State.FREE) {
                continue;
            }
            if (order.isNextPass(position) && residents.isExpected(group)) {
                return false;
            }
            // memory of a group's own is no slot: it can be filled however far ahead it is
            int counted = resident == null ? held : 0;
            if (!isAwaited(position) && !scheduler.mayRead(position, computing, waiting, counted)) {
                return false;
            }
            Slot slot = resident == null ? freeSlot(position) : resident;
            if (slot == null) {
                return false;
            }
            if (resident == null) {
                order.assign(position, slot);
            }
            enqueue(slot, group, pieces[group], false);
            return true;
        }
        everythingHasAPlace = true;
        return false;
    }

    private Slot freeSlot(int position) {
        boolean dropping = false;
        for (Slot slot : ring) {
            if (slot.state() == Slot.State.FREE) {
                return slot;
            }
            dropping |= slot.isUnwanted();
        }
        // A group that lost its memory can find all slots taken by groups behind it
        if (isAwaited(position) && !dropping) {
            for (int last = order.end() - 1; !isAwaited(last); last--) {
                Slot slot = order.slot(last);
                if (slot != null) {
                    order.assign(last, null);
                    drop(slot);
                    return slot.state() == Slot.State.FREE ? slot : null;
                }
            }
        }
        return null;
    }

    /** Whether the pass waits for the group at a position, or for its whole. */
    private boolean isAwaited(int position) {
        return waiting && position < order.computing() + plan.wholes().partCount(computingGroup());
    }

    private void drop(Slot slot) {
        slot.drop();
        requests.remove(slot);
    }

    /** Makes an order the current one, keeping what was read ahead for it and dropping the rest. */
    void begin(int[] newOrder) {
        order.begin(newOrder).forEach(this::drop);
        residents.forgetFailures();
        passNumber++;
        counters.passBegan();
        for (int group : statics) {
            startResident(group);
        }
        readOn();
    }

    /**
     * Ends the current pass, dropping what was read for groups that it did not reach.
     *
     * @return what it took, or null if it did not run to its end
     */
    PassCost end(DeviceTimes times) {
        complete = order.atEnd();
        order.endPass().forEach(this::drop);
        waiting = false;
        PassCost cost = counters.passEnded(complete, times);
        readOn();
        return complete ? cost : null;
    }

    /** Whether the last pass ran to its end, or there was none. */
    boolean isLastComplete() {
        lock.lock();
        try {
            return complete;
        } finally {
            lock.unlock();
        }
    }

    boolean atEnd() {
        return order.atEnd();
    }

    int computingGroup() {
        return order.group(order.computing());
    }

    /** The slots of the next whole, null if one lacks, or NO_RING; throws if a read failed. */
    Slot[] next() {
        if (isRingShort() && needsRing(plan.wholes().parts(computingGroup()))) {
            return Slot.NO_RING;
        }
        Slot[] slots = new Slot[plan.wholes().partCount(computingGroup())];
        boolean filled = true;
        for (int part = 0; part < slots.length; part++) {
            Slot slot = order.slot(order.computing() + part);
            int group = order.group(order.computing() + part);
            slots[part] = filledOrRetried(slot == null ? residents.find(group) : slot, group);
            filled &= slots[part] != null;
        }
        return filled ? slots : null;
    }

    /** Returns a slot if it is filled, reading once more what failed ahead of the pass. */
    Slot filledOrRetried(Slot slot, int group) {
        if (slot != null) {
            slot.checkArrival();
        }
        if (slot != null
                && slot.state() == Slot.State.FAILED
                && slot.startedInPass() < passNumber) {
            slot.drop();
            startReading(slot, group, pieces[group], true);
        }
        return Slot.filled(slot);
    }

    /** Says whether the pass waits for its next group. */
    void setWaiting(boolean isWaiting) {
        waiting = isWaiting;
        if (isWaiting) {
            readOn();
        }
    }

    /** Takes a lease, counting the group as read from disk if it is used for the first time. */
    void lease(Slot slot) {
        slot.lease();
        if (slot.firstUse()) {
            counters.groupRead(slot, slot.startedInPass() < passNumber);
        }
    }

    /** Ends the leases of the parts that compute, and moves on to the next whole. */
    void advance(Slot[] slots) {
        for (Slot slot : slots) {
            slot.release();
            if (order.slot(order.computing()) == slot) {
                order.assign(order.computing(), null);
                slot.drop();
            }
            order.advance();
        }
        requests.wake();
    }

    /** Tells whether an order has groups that need more slots than the ring has. */
    boolean needsRing(int[] newOrder) {
        if (isRingShort()) {
            for (int group : newOrder) {
                if (residents.find(group) == null) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Whether the ring does not hold what is leased together: all may be resident, or mapped. */
    private boolean isRingShort() {
        return !plan.isMapped() && ring.size() < plan.wholes().mostParts();
    }

    /**
     * Reads something that belongs to no pass, and waits for it to the end: the readers own the
     * memory until then.
     *
     * @throws OffloadStreamException if a read failed, or the stream is closed
     */
    Slot readNow(Slot slot, Piece[] what) {
        if (requests.isStopping()) {
            throw new PassCancelledException("the weight stream is closed");
        }
        startReading(slot, -1, what, true);
        while (slot.state() == Slot.State.READING) {
            if (requests.isStopping()) {
                drop(slot);
            }
            if (slot.state() == Slot.State.READING) {
                changed.awaitUninterruptibly();
            }
        }
        if (slot.state() == Slot.State.FREE) {
            throw new PassCancelledException("the weight stream is closed");
        }
        return Slot.filled(slot);
    }

    /** Lets readers and the pass look again: slots or memory have changed. */
    void signalAll() {
        changed.signalAll();
        readOn();
    }

    /** Lets readers end. */
    void stop() {
        requests.stop();
        changed.signalAll();
    }

    /** Takes a slot out of the ring, for the caller to free; null if readers have all of them. */
    Slot removeSlot() {
        Slot free = null;
        for (Slot slot : ring) {
            free = slot.state() == Slot.State.FREE ? slot : free;
        }
        for (int last = order.end() - 1; free == null && last >= order.computing(); last--) {
            Slot slot = order.slot(last);
            if (slot != null && slot.state() == Slot.State.READY) {
                order.assign(last, null);
                drop(slot);
                free = slot;
            }
        }
        ring.remove(free);
        return free;
    }

    /** Frees the ring. Called when nobody uses it any more. */
    void closeRing() {
        Owned.closeAll(() -> Owned.closeAll(ring), ring::clear);
    }
}
