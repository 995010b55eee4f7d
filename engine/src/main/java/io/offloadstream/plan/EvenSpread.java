/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import java.util.function.Consumer;

/**
 * Chooses which of some groups stay in memory, so that those that are read lie evenly between them:
 * a reader that has filled its slots stands still while a long run of resident groups computes.
 *
 * <p>Groups are of different sizes, so bytes are spread, not counts. A pattern keeps a share of the
 * bytes: going through the groups in order, one is kept if that brings what is kept nearer to its
 * share of what was passed. What is kept of any run of groups is then off its share by one group at
 * most. The patterns of many shares, each with what must be kept in any case, and with one group
 * more where there is room, are all that is chosen from; they are the same whatever the room is, so
 * more room never keeps less.
 */
final class EvenSpread {

    /**
     * How many shares are tried for each group. With models of 1.24 B to 8 B half as many leave up
     * to 40 % more room unused.
     */
    private static final int SHARES_PER_GROUP = 4;

    private final long[] chargedBytes;
    private final long[] readBytes;

    /**
     * Takes groups in the order of a pass.
     *
     * @param chargedBytes what each takes of the budget if it is kept
     * @param readBytes what is not read of each if it is kept
     */
    EvenSpread(long[] chargedBytes, long[] readBytes) {
        this.chargedBytes = chargedBytes;
        this.readBytes = readBytes;
    }

    /**
     * Chooses the pattern that spares the most reads, of equal ones the most even.
     *
     * @param room bytes that may be charged
     * @param complete keeps what else of a pattern must be kept, the same whatever the room is
     * @return which groups are kept; null if there is no room for what must be
     */
    boolean[] choose(long room, Consumer<boolean[]> complete) {
        boolean[] best = null;
        int shares = SHARES_PER_GROUP * chargedBytes.length;
        for (int share = 0; share <= shares; share++) {
            boolean[] kept = pattern(share, shares);
            complete.accept(kept);
            long left = room - sum(kept, chargedBytes);
            if (left >= 0) {
                keepOneMore(kept, left);
                best = best == null || isBetter(kept, best) ? kept : best;
            }
        }
        return best;
    }

    /** What is not read of the groups that are kept. */
    long readBytes(boolean[] kept) {
        return sum(kept, readBytes);
    }

    private boolean isBetter(boolean[] kept, boolean[] best) {
        long more = readBytes(kept) - readBytes(best);
        return more > 0 || (more == 0 && unevenness(kept) < unevenness(best));
    }

    /** Keeps a share of the bytes, carrying on from group to group what it is off by. */
    private boolean[] pattern(int share, int shares) {
        boolean[] kept = new boolean[chargedBytes.length];
        long ahead = 0; // bytes that are kept beyond the share, times the number of shares
        for (int i = 0; i < kept.length; i++) {
            kept[i] = 2 * ahead <= (2L * share - shares) * chargedBytes[i];
            ahead += (kept[i] ? shares - share : -share) * chargedBytes[i];
        }
        return kept;
    }

    /** The group that spares most, of equal ones the one before which the least is kept. */
    private void keepOneMore(boolean[] kept, long left) {
        double share = share(kept);
        double ahead = 0;
        double aheadOfMost = 0;
        int most = -1;
        for (int i = 0; i < kept.length; i++) {
            if (!kept[i] && chargedBytes[i] <= left) {
                long more = most < 0 ? 1 : readBytes[i] - readBytes[most];
                if (more > 0 || (more == 0 && ahead < aheadOfMost)) {
                    most = i;
                    aheadOfMost = ahead;
                }
            }
            ahead += ((kept[i] ? 1 : 0) - share) * chargedBytes[i];
        }
        if (most >= 0) {
            kept[most] = true;
        }
    }

    private double share(boolean[] kept) {
        long all = 0;
        for (long bytes : chargedBytes) {
            all += bytes;
        }
        return all == 0 ? 0 : (double) sum(kept, chargedBytes) / all;
    }

    /** The most bytes by which a run of groups that follow one another is off its share. */
    private double unevenness(boolean[] kept) {
        double share = share(kept);
        double ahead = 0;
        double most = 0;
        double least = 0;
        for (int i = 0; i < kept.length; i++) {
            ahead += ((kept[i] ? 1 : 0) - share) * chargedBytes[i];
            most = Math.max(most, ahead);
            least = Math.min(least, ahead);
        }
        return most - least;
    }

    private static long sum(boolean[] kept, long[] bytes) {
        long sum = 0;
        for (int i = 0; i < kept.length; i++) {
            sum += kept[i] ? bytes[i] : 0;
        }
        return sum;
    }
}
