/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

/**
 * Decides how far ahead of the computation is read. Positions count the groups of the current pass
 * and go on into the next one. How many slots there are limits it further.
 */
@FunctionalInterface
interface Scheduler {

    /**
     * Tells whether a group may be read now. Called under the pipeline's lock.
     *
     * @param position of the group
     * @param computing position of the group that computes, or is to compute next
     * @param waiting whether the pass waits for the group at {@code computing}
     * @param held how many slots hold or read groups from {@code computing} on: the group that
     *     computes has one of them, or none while it is resident
     */
    boolean mayRead(int position, int computing, boolean waiting, int held);

    /** Makes the scheduler that the options name. */
    static Scheduler of(StreamOptions options) {
        int depth = options.prefetchLayers();
        if (depth == 0) {
            return (position, computing, waiting, held) -> position == computing && waiting;
        }
        return switch (options.scheduler()) {
                // the ring has the slots that measured times are worth
            case COST_AWARE -> (position, computing, waiting, held) -> true;
            case LOOKAHEAD ->
                    (position, computing, waiting, held) -> position == computing || held <= depth;
            case BLOCK ->
                    (position, computing, waiting, held) ->
                            position / depth <= computing / depth + 1;
        };
    }
}
