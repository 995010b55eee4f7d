/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.device.Backend;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.platform.Owned;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The groups that stay in host memory and are copied to the device in each pass. Memory is taken
 * when a pass first needs the group, read into once, and given back when somebody else needs it:
 * then the group streams from disk, until the budget has had room for it again for a while.
 * Thread-safe.
 */
final class HostGroups implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(HostGroups.class);
    private static final String PURPOSE = "host weights";

    private final ResidencyPlan plan;
    private final Backend backend;
    private final MemoryBudget budget;
    private final Piece[][] pieces;
    private final HostGroup[] kept;
    private final boolean[] givenUp;
    private int calmPasses;
    private int reclaimedGroups;
    private boolean pinningRefused;

    /**
     * Constructs an empty set.
     *
     * @param plan names the groups; none where kernels compute in host memory
     * @param backend whose memory is pinned
     * @param budget of the host
     * @param pieces of each group
     */
    HostGroups(ResidencyPlan plan, Backend backend, MemoryBudget budget, Piece[][] pieces) {
        this.plan = plan;
        this.backend = backend;
        this.budget = budget;
        this.pieces = pieces;
        kept = new HostGroup[plan.groups().size()];
        givenUp = new boolean[kept.length];
    }

    /** Takes memory for the planned groups of a pass. */
    void take(int[] order) {
        if (plan.hostGroups().isEmpty()) {
            return;
        }
        Set<Integer> wanted = new HashSet<>();
        Arrays.stream(order).forEach(wanted::add);
        for (WeightGroup group : takable(wanted)) {
            HostGroup taken = allocateIfRoom(group);
            synchronized (this) {
                kept[group.index()] = taken;
                givenUp[group.index()] = taken == null;
            }
        }
    }

    private synchronized List<WeightGroup> takable(Set<Integer> wanted) {
        calmPasses++;
        return plan.hostGroups().stream()
                .filter(group -> wanted.contains(group.index()) && kept[group.index()] == null)
                .filter(group -> !givenUp[group.index()] || calmPasses > ResidentSet.CALM_PASSES)
                .toList();
    }

    private HostGroup allocateIfRoom(WeightGroup group) {
        long size = plan.extents(group.index()).slotBytes();
        if (budget.availableBytes() < HostMemory.chargedBytes(size)) {
            return null;
        }
        try {
            HostMemory memory = allocatePinned(size);
            boolean pinned = memory != null;
            if (!pinned) {
                memory = HostMemory.allocate(budget, PURPOSE, size);
            }
            int count = pieces[group.index()].length;
            return new HostGroup(group.index(), memory, pinned, count);
        } catch (BudgetExceededException e) {
            // somebody was faster; the group streams from disk instead
            return null;
        }
    }

    private HostMemory allocatePinned(long sizeBytes) {
        if (pinningRefused) {
            return null;
        }
        try {
            return backend.allocateHost(budget, PURPOSE, sizeBytes);
        } catch (BudgetExceededException e) {
            throw e;
        } catch (OffloadStreamException e) {
            pinningRefused = true;
            LOG.warn(
                    "host memory of groups cannot be pinned, so they are copied twice: {}; lower"
                            + " hostMemory or raise the system's limit of locked memory",
                    e.getMessage());
            return null;
        }
    }

    /**
     * Keeps the memory of a group in use until {@link #leave}.
     *
     * @param index of the group, or -1
     * @return null if host memory does not keep it
     */
    synchronized HostGroup enter(int index) {
        HostGroup group = index < 0 ? null : kept[index];
        if (group != null) {
            group.addUsers(1);
        }
        return group;
    }

    /** Likewise, but null if not all of it is there. */
    synchronized HostGroup enterWhole(int index) {
        return kept[index] == null || !kept[index].isWhole() ? null : enter(index);
    }

    /** Ends a use. */
    synchronized void leave(HostGroup group) {
        group.addUsers(-1);
    }

    /** What groups that nobody uses now hold of the budget. */
    synchronized long evictableBytes() {
        long bytes = 0;
        for (HostGroup group : kept) {
            bytes += isEvictable(group) ? chargedBytes(group) : 0;
        }
        return bytes;
    }

    private static boolean isEvictable(HostGroup group) {
        return group != null && group.users() == 0;
    }

    private static long chargedBytes(HostGroup group) {
        return HostMemory.chargedBytes(group.memory().sizeBytes());
    }

    /**
     * Gives groups up, the last planned ones first.
     *
     * @param neededBytes how much is to be freed, if there is that much
     * @return memory that copies under way may still read; then the caller closes it
     */
    synchronized List<HostMemory> giveUp(long neededBytes) {
        List<HostMemory> freed = new ArrayList<>();
        long bytes = 0;
        for (int i = plan.hostGroups().size() - 1; i >= 0 && bytes < neededBytes; i--) {
            int index = plan.hostGroups().get(i).index();
            if (isEvictable(kept[index])) {
                bytes += chargedBytes(kept[index]);
                freed.add(kept[index].memory());
                kept[index] = null;
                givenUp[index] = true;
                reclaimedGroups++;
            }
        }
        calmPasses = 0;
        return freed;
    }

    /** How often a group's memory was given up. */
    synchronized int reclaimedGroups() {
        return reclaimedGroups;
    }

    /** Bytes of memory that groups hold. */
    synchronized long keptBytes() {
        long bytes = 0;
        for (HostGroup group : kept) {
            bytes += group == null ? 0 : group.memory().sizeBytes();
        }
        return bytes;
    }

    /** Frees all memory. Called when nothing reads it any more. */
    @Override
    public synchronized void close() {
        List<HostMemory> memory =
                Arrays.stream(kept).filter(Objects::nonNull).map(HostGroup::memory).toList();
        Arrays.fill(kept, null);
        Owned.closeAll(memory);
    }
}
