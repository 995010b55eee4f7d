/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device;

import io.offloadstream.platform.MemoryBudget;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the models of this process hold of each device: {@code deviceMemory} bounds all of them
 * together, the context counted once. Thread-safe.
 */
public final class DeviceLedger {

    /** The ledger of this process. */
    public static final DeviceLedger PROCESS = new DeviceLedger();

    private final Map<String, List<Claim>> claims = new HashMap<>();

    /** Constructs an empty ledger. */
    DeviceLedger() {
        // nothing is claimed
    }

    /** A model's share of a device, given back when it is closed. */
    public final class Claim implements AutoCloseable {

        private final String device;
        private final MemoryBudget budget;

        private Claim(String device, MemoryBudget budget) {
            this.device = device;
            this.budget = budget;
        }

        /**
         * Returns the budget that pays for what the model allocates on the device.
         *
         * @return of the size that was claimed
         */
        public MemoryBudget budget() {
            return budget;
        }

        /** Gives the share back: what it paid for has been freed. Twice has no effect. */
        @Override
        public void close() {
            synchronized (DeviceLedger.this) {
                List<Claim> held = claims.getOrDefault(device, List.of());
                held.remove(this);
                if (held.isEmpty()) {
                    claims.remove(device);
                }
            }
        }
    }

    /**
     * Claims a share.
     *
     * @param memory of the device
     * @param deviceMemoryBytes what the user gave for the context and all models
     * @param sizeBytes of the share
     * @return the claim, for the caller to close; empty if others hold too much by now
     */
    public synchronized Optional<Claim> claim(
            DeviceMemory memory, long deviceMemoryBytes, long sizeBytes) {
        long left = deviceMemoryBytes - memory.contextBytes() - heldBytes(memory.device());
        if (sizeBytes > left) {
            return Optional.empty();
        }
        Claim claim = new Claim(memory.device(), new MemoryBudget("deviceMemory", sizeBytes));
        if (memory.libraryBytes() > 0) {
            // taken before anything was planned; goes with the claim
            claim.budget().reserve("cuBLAS", memory.libraryBytes());
        }
        claims.computeIfAbsent(memory.device(), device -> new ArrayList<>()).add(claim);
        return Optional.of(claim);
    }

    /**
     * Returns what the models on a device may hold by what they claimed.
     *
     * @param device as {@link DeviceMemory#device} names it
     * @return bytes, the context not counted
     */
    public synchronized long heldBytes(String device) {
        return claims.getOrDefault(device, List.of()).stream()
                .mapToLong(claim -> claim.budget().limitBytes())
                .sum();
    }

    /**
     * Returns what the models on a device hold at the moment: less than {@link #heldBytes}, as long
     * as not all of it has been needed.
     *
     * @param device as {@link DeviceMemory#device} names it
     * @return bytes, the context not counted
     */
    public synchronized long usedBytes(String device) {
        return claims.getOrDefault(device, List.of()).stream()
                .mapToLong(claim -> claim.budget().usedBytes())
                .sum();
    }

    /**
     * Returns what this process can have of a device: what is free and what it holds already.
     *
     * @param memory of the device, as it is now, for a model that has claimed nothing yet
     * @return bytes, the context counted
     */
    public long reachableBytes(DeviceMemory memory) {
        return memory.freeBytes()
                + memory.contextBytes()
                + memory.libraryBytes()
                + usedBytes(memory.device());
    }
}
