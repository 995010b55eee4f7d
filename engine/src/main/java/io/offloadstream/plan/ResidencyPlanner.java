/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.plan.PlanRequest.Mapping;
import io.offloadstream.plan.WeightGroup.Access;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.FileStamp;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.OffloadStreamException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * Decides what stays in memory and what streams.
 *
 * <p>The budget pays the fixed terms, the STATIC groups, the staging of gathered rows and the ring;
 * what is left beyond the spare keeps STREAMED groups resident, spread evenly between those that
 * stream, then GATHERED ones. The ring has the slots that were asked for beside the parts of a
 * whole that stream; there are fewer of these the more stay, but all of them fit in it, as memory
 * may be given up later. When all STREAMED groups fit in place of the ring there is none. A device
 * with memory of its own has two budgets: {@link DevicePlanner}. Nothing is read, and only where
 * mapping is allowed are the sizes of the files looked up.
 */
public final class ResidencyPlanner {

    /** Which of the STREAMED groups stay beside a ring, and how much is read for these. */
    @SuppressWarnings("ArrayRecordComponent") // it lives no longer than the choice
    private record Kept(int slots, boolean[] streamed, long bytes) {}

    private final PlanRequest request;
    private final List<GroupExtents> extents = new ArrayList<>();
    private final List<WeightGroup> streamed;
    private final int[] ascending;
    private final EvenSpread spread;
    private final PlanTerms base;
    private final long slotBytes;
    private final int mostParts;
    private final long ringBytes;
    private final long allStreamedBytes;

    private ResidencyPlanner(PlanRequest request) {
        this.request = request;
        for (WeightGroup group : request.groups()) {
            extents.add(GroupExtents.of(group, request.blockBytes()));
        }
        streamed = ofAccess(Access.STREAMED);
        spread =
                new EvenSpread(
                        streamed.stream().mapToLong(this::charged).toArray(),
                        streamed.stream()
                                .mapToLong(group -> extents.get(group.index()).readBytes())
                                .toArray());
        ascending =
                IntStream.range(0, streamed.size())
                        .boxed()
                        .sorted(Comparator.comparingLong(i -> charged(streamed.get(i))))
                        .mapToInt(Integer::intValue)
                        .toArray();
        base = base();
        slotBytes =
                streamed.stream()
                        .mapToLong(group -> extents.get(group.index()).slotBytes())
                        .max()
                        .orElse(0);
        mostParts = new Wholes(request.groups()).mostParts();
        ringBytes = streamed.isEmpty() ? 0 : ringBytes(mostSlots());
        allStreamedBytes = chargedBytes(streamed);
    }

    /**
     * Plans.
     *
     * @param request groups, budget, ring
     * @return the plan
     * @throws IllegalArgumentException if groups are not at their indices, there are no slots, or
     *     there are parts for a device
     * @throws BudgetExceededException if the budget is below the least, or mapping is required and
     *     does not fit; the message has the least that works and its terms
     */
    public static ResidencyPlan plan(PlanRequest request) {
        for (int i = 0; i < request.groups().size(); i++) {
            if (request.groups().get(i).index() != i) {
                throw new IllegalArgumentException(
                        "group " + request.groups().get(i).name() + " is not at its index " + i);
            }
        }
        if (request.slotCount() < 1) {
            throw new IllegalArgumentException(
                    "slotCount " + request.slotCount() + " is less than 1");
        }
        if (request.device() == null) {
            return new ResidencyPlanner(request).plan();
        }
        requireWhole(request.groups());
        return new DevicePlanner(request).plan();
    }

    private static void requireWhole(List<WeightGroup> groups) {
        int mostParts = new Wholes(groups).mostParts();
        if (mostParts > 1) {
            throw new IllegalArgumentException(
                    "a group has "
                            + mostParts
                            + " parts, but slots on a device hold whole groups; cut groups only"
                            + " where kernels compute in host memory");
        }
    }

    private ResidencyPlan plan() {
        long budget = request.hostMemoryBytes();
        PlanTerms mapped = request.mapping() == Mapping.NEVER ? null : mappedTerms();
        int slots = mostSlots();
        PlanTerms ring = base.with("ring of " + slots + " slots", ringBytes);
        PlanTerms whole = base.with("resident weights", allStreamedBytes);
        PlanTerms least = ringBytes <= allStreamedBytes ? ring : whole;
        if (mapped != null
                && (request.mapping() == Mapping.REQUIRED || mapped.sum() < least.sum())) {
            least = mapped;
        }
        if (budget < least.sum()) {
            throw least.tooSmall("hostMemory", budget, "raise it");
        }
        if (mapped != null && mapped.sum() <= budget) {
            return new ResidencyPlan(
                    request,
                    extents,
                    true,
                    new PlanChoice(mapped, least.sum(), List.of(), 0, 0),
                    null);
        }
        List<WeightGroup> resident = new ArrayList<>();
        long spare = request.spareBytes();
        long baseBytes = base.sum();
        boolean withRing =
                ringBytes <= allStreamedBytes && baseBytes + allStreamedBytes > budget - spare;
        if (withRing) {
            Kept kept = keep(budget - baseBytes - spare);
            slots = kept.slots();
            ring = base.with("ring of " + slots + " slots", ringBytes(slots));
            resident.addAll(list(kept));
        } else {
            resident.addAll(streamed);
        }
        long left = budget - baseBytes - (withRing ? ringBytes(slots) : 0) - chargedBytes(resident);
        resident.addAll(gathered(resident, left - spare));
        PlanTerms terms = withRing ? ring : base;
        return new ResidencyPlan(
                request,
                extents,
                false,
                new PlanChoice(
                        terms.with("resident weights", chargedBytes(resident)),
                        least.sum(),
                        resident,
                        withRing ? slots : 0,
                        slotBytes),
                null);
    }

    private long ringBytes(int slots) {
        return Wholes.ringBytes(slots, HostMemory.chargedBytes(slotBytes));
    }

    /**
     * Decides how many slots the ring has, and so what else stays: fewer where no whole has all its
     * parts streaming. Every choice that is open stays open with more room, and keeps no less, so
     * more memory never streams more.
     */
    private Kept keep(long room) {
        Kept best = null;
        int least = Math.max(mostParts, slots(1));
        for (int slots = mostSlots(); slots >= least; slots--) {
            boolean fits = ringBytes(slots) <= room || slots == mostSlots();
            Kept kept = fits ? spread(slots, Math.max(0, room - ringBytes(slots))) : null;
            if (kept != null && (best == null || kept.bytes() > best.bytes())) {
                best = kept;
            }
        }
        return best;
    }

    private int mostSlots() {
        return slots(mostParts);
    }

    private int slots(int streaming) {
        return Wholes.slots(streaming, mostParts, request.slotCount(), slotBytes);
    }

    private List<WeightGroup> ofAccess(Access access) {
        return request.groups().stream().filter(group -> group.access() == access).toList();
    }

    /** What is charged whatever is resident. */
    private PlanTerms base() {
        return new PlanTerms(request.fixed())
                .with("static weights", chargedBytes(ofAccess(Access.STATIC)))
                .with("index of tables", chargedBytes(ofAccess(Access.INDEX)))
                .with("gather staging", gatherBytes(request));
    }

    /** What the rows of a gather are charged. */
    static long gatherBytes(PlanRequest request) {
        List<WeightGroup> gathered =
                request.groups().stream().filter(g -> g.access() == Access.GATHERED).toList();
        long size = GatherStaging.sizeBytes(gathered, request.gatherRows(), request.blockBytes());
        return size == 0 ? 0 : HostMemory.chargedBytes(size);
    }

    private PlanTerms mappedTerms() {
        Set<Path> files = new TreeSet<>();
        for (WeightGroup group : request.groups()) {
            group.tensors().stream().map(TensorEntry::file).forEach(files::add);
        }
        long bytes = 0;
        for (Path file : files) {
            try {
                bytes += HostMemory.chargedBytes(Math.max(1, FileStamp.of(file).sizeBytes()));
            } catch (IOException e) {
                throw new OffloadStreamException(file + " cannot be examined: " + e, e);
            }
        }
        return new PlanTerms(request.fixed()).with("mapped files", bytes);
    }

    /**
     * Chooses STREAMED groups to keep beside a ring of so many slots.
     *
     * @return null if there is no room for the parts that such a ring does not hold
     */
    private Kept spread(int slots, long room) {
        int streaming = mostParts;
        while (slots(streaming) > slots) {
            streaming--;
        }
        int most = streaming;
        boolean[] kept = spread.choose(room, choice -> keepBeyond(most, choice));
        return kept == null ? null : new Kept(slots, kept, spread.readBytes(kept));
    }

    /** Keeps the smallest parts of each whole that streams more parts than a ring has slots for. */
    private void keepBeyond(int most, boolean[] kept) {
        int[] streaming = new int[request.groups().size()];
        for (int i = 0; i < kept.length; i++) {
            streaming[streamed.get(i).whole().index()] += kept[i] ? 0 : 1;
        }
        for (int i : ascending) {
            int whole = streamed.get(i).whole().index();
            if (!kept[i] && streaming[whole] > most) {
                kept[i] = true;
                streaming[whole]--;
            }
        }
    }

    private List<WeightGroup> list(Kept kept) {
        List<WeightGroup> chosen = new ArrayList<>();
        for (int i = 0; i < kept.streamed().length; i++) {
            if (kept.streamed()[i]) {
                chosen.add(streamed.get(i));
            }
        }
        return chosen;
    }

    private List<WeightGroup> gathered(List<WeightGroup> resident, long room) {
        FileCoverage coverage = new FileCoverage(resident);
        List<WeightGroup> chosen = new ArrayList<>();
        long left = room;
        for (WeightGroup group : ofAccess(Access.GATHERED)) {
            if (charged(group) <= left && !coverage.covers(group)) {
                chosen.add(group);
                left -= charged(group);
            }
        }
        return chosen;
    }

    private long charged(WeightGroup group) {
        return extents.get(group.index()).chargedBytes();
    }

    private long chargedBytes(List<WeightGroup> groups) {
        return groups.stream().mapToLong(this::charged).sum();
    }
}
