/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The accountant: a hard limit on the bytes that a model holds off the JVM heap.
 *
 * <p>Whatever is allocated or mapped is reserved here first; there is no other way to memory. When
 * a reservation does not fit, the registered {@link Reclaimer}s are asked to give memory back
 * (resident weight groups yield to a growing KV cache and to outputs), then it is refused with the
 * numbers.
 *
 * <p>Thread-safe. Closing a budget with reservations outstanding throws, listing them: every test
 * that ends by closing its budget is a leak test.
 */
public final class MemoryBudget implements AutoCloseable {

    /** Gives memory back when a reservation does not fit. */
    @FunctionalInterface
    public interface Reclaimer {

        /**
         * Frees memory that is held for speed only. Called without any lock of the budget, by the
         * thread that reserves.
         *
         * @param neededBytes how many bytes are missing
         */
        void reclaim(long neededBytes);
    }

    private final String name;
    private final long limitBytes;
    private final Map<String, Long> usedByPurpose = new TreeMap<>();
    private final CopyOnWriteArrayList<Reclaimer> reclaimers = new CopyOnWriteArrayList<>();
    private long usedBytes;
    private long peakBytes;
    private long releasedBytes;
    private boolean closed;

    /**
     * Opens a budget.
     *
     * @param name the option that set the limit, for messages: {@code hostMemory}
     * @param limitBytes the hard limit
     */
    public MemoryBudget(String name, long limitBytes) {
        if (limitBytes < 0) {
            throw new IllegalArgumentException(name + " must not be negative: " + limitBytes);
        }
        this.name = name;
        this.limitBytes = limitBytes;
    }

    /**
     * Opens a budget that counts but does not limit, for memory that belongs to the user rather
     * than to a model.
     *
     * @param name for messages
     * @return the budget
     */
    public static MemoryBudget unlimited(String name) {
        return new MemoryBudget(name, Long.MAX_VALUE);
    }

    /**
     * Reserves memory, asking the reclaimers if needed.
     *
     * @param purpose what it is for, for messages and {@link #usedByPurpose()}
     * @param sizeBytes how much
     * @return the reservation, to be closed when the memory has been freed
     * @throws BudgetExceededException if it does not fit
     */
    public Reservation reserve(String purpose, long sizeBytes) {
        if (sizeBytes < 0) {
            throw new IllegalArgumentException(purpose + ": negative size " + sizeBytes);
        }
        while (!tryReserve(purpose, sizeBytes)) {
            // What can never fit must not empty the caches first
            if (sizeBytes > limitBytes || !reclaim(sizeBytes)) {
                throw exceeded(purpose, sizeBytes);
            }
        }
        return new Reservation(this, purpose, sizeBytes);
    }

    /**
     * Asks for memory back.
     *
     * @return whether trying again makes sense: somebody released something meanwhile, though
     *     another thread may have taken it
     */
    private boolean reclaim(long sizeBytes) {
        long before = releasedBytes();
        for (Reclaimer reclaimer : reclaimers) {
            long missing = sizeBytes - availableBytes();
            if (missing > 0) {
                reclaimer.reclaim(missing);
            }
        }
        return releasedBytes() != before || sizeBytes <= availableBytes();
    }

    private synchronized long releasedBytes() {
        return releasedBytes;
    }

    private synchronized boolean tryReserve(String purpose, long sizeBytes) {
        if (closed) {
            throw new IllegalStateException(
                    name + " is closed; " + purpose + " cannot be reserved");
        }
        if (sizeBytes > limitBytes - usedBytes) {
            return false;
        }
        usedBytes += sizeBytes;
        peakBytes = Math.max(peakBytes, usedBytes);
        usedByPurpose.merge(purpose, sizeBytes, Long::sum);
        return true;
    }

    private synchronized BudgetExceededException exceeded(String purpose, long sizeBytes) {
        long available = limitBytes - usedBytes;
        return new BudgetExceededException(
                purpose
                        + " needs "
                        + sizeBytes
                        + " bytes, "
                        + available
                        + " left of "
                        + name
                        + "="
                        + limitBytes
                        + "; raise "
                        + name
                        + " by "
                        + (sizeBytes - available)
                        + " bytes (in use: "
                        + usedByPurpose
                        + ")",
                sizeBytes,
                available);
    }

    synchronized void release(String purpose, long sizeBytes) {
        usedBytes -= sizeBytes;
        releasedBytes += sizeBytes; // may wrap around: only compared for being equal
        usedByPurpose.computeIfPresent(
                purpose, (key, used) -> used == sizeBytes ? null : used - sizeBytes);
    }

    /**
     * Registers somebody who can give memory back.
     *
     * @param reclaimer called when a reservation does not fit
     */
    public void addReclaimer(Reclaimer reclaimer) {
        reclaimers.add(reclaimer);
    }

    /**
     * Removes a reclaimer.
     *
     * @param reclaimer one that was added
     */
    public void removeReclaimer(Reclaimer reclaimer) {
        reclaimers.remove(reclaimer);
    }

    /**
     * Returns the limit.
     *
     * @return bytes
     */
    public long limitBytes() {
        return limitBytes;
    }

    /**
     * Returns what is reserved now.
     *
     * @return bytes
     */
    public synchronized long usedBytes() {
        return usedBytes;
    }

    /**
     * Returns the most that was ever reserved at one time.
     *
     * @return bytes
     */
    public synchronized long peakBytes() {
        return peakBytes;
    }

    /**
     * Returns what is left.
     *
     * @return bytes
     */
    public synchronized long availableBytes() {
        return limitBytes - usedBytes;
    }

    /**
     * Returns what is reserved now, by purpose.
     *
     * @return a copy, bytes by purpose
     */
    public synchronized Map<String, Long> usedByPurpose() {
        return new TreeMap<>(usedByPurpose);
    }

    /**
     * Closes the budget.
     *
     * @throws IllegalStateException if anything is still reserved; the message lists it
     */
    @Override
    public synchronized void close() {
        closed = true;
        if (usedBytes != 0) {
            throw new IllegalStateException(
                    name + " was closed with " + usedBytes + " bytes in use: " + usedByPurpose);
        }
    }
}
