/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

/**
 * One pass over weight groups. While it is open no other pass of the stream runs; others wait their
 * turn in order of arrival.
 *
 * <p>Used by one thread, except for {@link #cancel}. Closing before the last group ends the pass
 * early; the stream is ready for the next pass all the same.
 */
public interface StreamPass extends AutoCloseable {

    /**
     * Leases the next group of the order, waiting until its weights are in memory; parts of a whole
     * together, as the whole. At most one such lease is open at a time.
     *
     * @return the lease, for the caller to close
     * @throws PassCancelledException if the pass was cancelled, or the calling thread interrupted
     *     (its interrupt status is kept)
     * @throws io.offloadstream.platform.OffloadStreamException if a read failed; the message has
     *     the file, the offset and the group
     * @throws io.offloadstream.platform.BudgetExceededException if a ring must be made because
     *     groups were given up meanwhile, and other threads took the memory that was kept for it
     */
    GroupLease next();

    /**
     * Leases the weights of a STATIC group, which is always resident.
     *
     * @param group index of the group
     * @return the lease, for the caller to close
     */
    GroupLease leaseStatic(int group);

    /**
     * Gathers rows of a GATHERED group: from memory where a resident group holds their bytes (the
     * embedding itself, or the head tied to it), from disk otherwise.
     *
     * @param group index of the group
     * @param tensor place of the table in the group
     * @param rows row numbers, at most {@link WeightStream#gatherRows()} of them
     * @return the lease, for the caller to close
     */
    RowLease gather(int group, int tensor, int[] rows);

    /** Ends the pass from another thread: {@link #next} throws {@link PassCancelledException}. */
    void cancel();

    /** Ends the pass and lets the next one begin. Closing twice has no effect. */
    @Override
    void close();
}
