/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import io.offloadstream.plan.DevicePlanner.DeviceTiers;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * Chooses which groups stay on the device, which wait in host memory, and which stream from disk,
 * so that a pass is predicted to take least: as long as the slower of the disk, which reads the
 * last kind, and the bus, which carries the last two.
 *
 * <p>Tried are evenly spread patterns for each number of groups on the device and on the host, both
 * filled up with the smallest of the others. Patterns do not depend on the budgets, and what is
 * filled up only grows with them; so more memory never makes the predicted time longer.
 */
final class TierChooser {

    /** Beyond this many groups not every count is tried: the fill makes up for what is skipped. */
    private static final int MOST_COUNTS = 160;

    /**
     * A group that may go anywhere.
     *
     * @param group the group
     * @param deviceBytes charged on the device
     * @param hostBytes charged on the host
     * @param readBytes read from disk
     * @param copiedBytes copied over the bus
     */
    record Candidate(
            WeightGroup group,
            long deviceBytes,
            long hostBytes,
            long readBytes,
            long copiedBytes) {}

    /** Where a group is. */
    private enum Tier {
        DISK,
        DEVICE,
        HOST
    }

    private final List<Candidate> candidates;
    private final int count;
    private final int blockCount;
    private final int leastBlocks;
    private final Bandwidths bandwidths;
    private final Integer[] ascending;

    TierChooser(
            List<Candidate> candidates, int blockCount, int leastBlocks, Bandwidths bandwidths) {
        this.candidates = candidates;
        this.count = candidates.size();
        this.blockCount = Math.min(blockCount, count);
        this.leastBlocks = leastBlocks;
        this.bandwidths = bandwidths;
        this.ascending = ascending(count);
    }

    private Integer[] ascending(int limit) {
        Integer[] order = new Integer[limit];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, Comparator.comparingLong(i -> candidates.get(i).deviceBytes()));
        return order;
    }

    /** What a choice costs. */
    private record Cost(double seconds, long readBytes, long copiedBytes) {

        boolean isLessThan(Cost other) {
            int order = Double.compare(seconds, other.seconds);
            order = order == 0 ? Long.compare(readBytes, other.readBytes) : order;
            return (order == 0 ? Long.compare(copiedBytes, other.copiedBytes) : order) < 0;
        }
    }

    /** Chooses for what is left of the budgets, at least {@code leastBlocks} smallest blocks. */
    DeviceTiers choose(long deviceRoom, long hostRoom) {
        Tier[] best = null;
        Cost bestCost = null;
        for (boolean[] onDevice : devicePatterns()) {
            if (deviceBytes(onDevice) > deviceRoom) {
                continue;
            }
            int rest = 0;
            for (boolean taken : onDevice) {
                rest += taken ? 0 : 1;
            }
            for (int kept : counts(rest)) {
                Tier[] tiers = tiers(onDevice, pattern(kept, rest));
                if (hostBytes(tiers) > hostRoom) {
                    continue;
                }
                fill(tiers, Tier.DEVICE, deviceRoom - deviceBytes(onDevice));
                fill(tiers, Tier.HOST, hostRoom - hostBytes(tiers));
                Cost cost = cost(tiers);
                // the first of equal ones: the most by pattern, so the most even
                if (bestCost == null || cost.isLessThan(bestCost)) {
                    best = tiers;
                    bestCost = cost;
                }
            }
        }
        return new DeviceTiers(of(best, Tier.DEVICE), of(best, Tier.HOST));
    }

    /** Evenly spread sets with enough blocks, the largest first, and the smallest blocks. */
    private List<boolean[]> devicePatterns() {
        List<boolean[]> patterns = new ArrayList<>();
        for (int kept : counts(count)) {
            addIfEnough(patterns, pattern(kept, count));
        }
        if (leastBlocks > 0) {
            for (int kept : counts(blockCount)) {
                boolean[] blocks = pattern(kept, blockCount);
                addIfEnough(patterns, Arrays.copyOf(blocks, count));
            }
            boolean[] smallest = new boolean[count];
            Integer[] order = ascending(blockCount);
            for (int i = 0; i < leastBlocks; i++) {
                smallest[order[i]] = true;
            }
            patterns.add(smallest);
        }
        return patterns;
    }

    private void addIfEnough(List<boolean[]> patterns, boolean[] pattern) {
        int blocks = 0;
        for (int i = 0; i < blockCount; i++) {
            blocks += pattern[i] ? 1 : 0;
        }
        if (blocks >= leastBlocks) {
            patterns.add(pattern);
        }
    }

    /** Numbers from the most down to 0, not too many. */
    private static int[] counts(int most) {
        int step = most / MOST_COUNTS + 1;
        int[] counts = new int[(most + step - 1) / step + 1];
        for (int i = 0; i < counts.length; i++) {
            counts[i] = Math.max(0, most - i * step);
        }
        return counts;
    }

    private Tier[] tiers(boolean[] onDevice, boolean[] onHostOfRest) {
        Tier[] tiers = new Tier[count];
        int rest = 0;
        for (int i = 0; i < count; i++) {
            if (onDevice[i]) {
                tiers[i] = Tier.DEVICE;
            } else {
                tiers[i] = onHostOfRest[rest++] ? Tier.HOST : Tier.DISK;
            }
        }
        return tiers;
    }

    /** Takes the smallest groups from disk as long as they fit. */
    private void fill(Tier[] tiers, Tier into, long room) {
        long left = room;
        for (int i : ascending) {
            if (tiers[i] == Tier.DISK) {
                Candidate candidate = candidates.get(i);
                left -= into == Tier.DEVICE ? candidate.deviceBytes() : candidate.hostBytes();
                if (left < 0) {
                    return;
                }
                tiers[i] = into;
            }
        }
    }

    private long deviceBytes(boolean[] onDevice) {
        long bytes = 0;
        for (int i = 0; i < count; i++) {
            bytes += onDevice[i] ? candidates.get(i).deviceBytes() : 0;
        }
        return bytes;
    }

    private long hostBytes(Tier[] tiers) {
        long bytes = 0;
        for (int i = 0; i < count; i++) {
            bytes += tiers[i] == Tier.HOST ? candidates.get(i).hostBytes() : 0;
        }
        return bytes;
    }

    private Cost cost(Tier[] tiers) {
        long read = 0;
        long copied = 0;
        for (int i = 0; i < count; i++) {
            Candidate candidate = candidates.get(i);
            read += tiers[i] == Tier.DISK ? candidate.readBytes() : 0;
            copied += tiers[i] == Tier.DEVICE ? 0 : candidate.copiedBytes();
        }
        double seconds =
                Math.max(
                        read / bandwidths.diskBytesPerSecond(),
                        copied / bandwidths.busBytesPerSecond());
        return new Cost(seconds, read, copied);
    }

    private List<WeightGroup> of(Tier[] tiers, Tier wanted) {
        List<WeightGroup> groups = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            if (tiers[i] == wanted) {
                groups.add(candidates.get(i).group());
            }
        }
        return groups;
    }

    /** As many as asked for, any two neighbours the same distance apart, give or take one. */
    private static boolean[] pattern(int kept, int count) {
        boolean[] pattern = new boolean[count];
        for (int i = 0; i < count; i++) {
            pattern[i] = (i + 1L) * kept / count > (long) i * kept / count;
        }
        return pattern;
    }
}
