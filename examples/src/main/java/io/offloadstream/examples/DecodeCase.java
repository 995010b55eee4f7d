/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.model.StreamedModel;
import io.offloadstream.platform.Owned;
import io.offloadstream.stream.StreamStats;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;

/**
 * Decodes in rounds, and measures the limit before the first and after each.
 *
 * <p>Where weights stream, readers go on after a round: they read ahead for the next token until
 * all slots are full. So a round begins when nothing is read, and ends when nothing is read again:
 * what was read before it is balanced by what is read for the next one, bytes and time alike, and
 * the measurement in between has the disk for itself.
 */
final class DecodeCase implements AutoCloseable {

    /** Rounds in memory, of a few hundred milliseconds. */
    private static final int MEMORY_ROUNDS = 8;

    /** Rounds from disk: seconds, since readers stand still for some milliseconds between them. */
    private static final int DISK_ROUNDS = 4;

    /** Passes before the clock starts: pages are mapped, code is compiled, the ring is full. */
    private static final int WARM_UP_TOKENS = 3;

    /** More of them until the pace of the reads has settled, but no more than this. */
    static final int MOST_WARM_UP_TOKENS = 60;

    /** No request ends for so long: there are none. */
    private static final long QUIET_NANOS = 200_000_000;

    private static final long POLL_NANOS = 1_000_000;

    private final StreamedModel model;
    private final TokenRun run;
    private final long settleNanos;
    private int token;

    /**
     * What rounds measured.
     *
     * @param seconds of a token, for each round
     * @param rates bytes per second for each round: read from disk where limits are those of the
     *     disk, else of weights computed with
     * @param limits before, between and after them; none where there is no limit
     * @param outside for each round the share of its time that passed outside products with
     *     weights; none where that is not timed
     * @param readBytes from disk by all rounds
     */
    record Result(
            List<Double> seconds,
            List<Double> rates,
            List<Double> limits,
            List<Double> outside,
            long readBytes) {}

    /**
     * Opens a session.
     *
     * @param model an open model
     * @param settleSeconds the longest warm-up, where reads look for their pace
     */
    DecodeCase(StreamedModel model, int settleSeconds) {
        this.model = model;
        settleNanos = TimeUnit.SECONDS.toNanos(settleSeconds);
        run = new TokenRun(model);
    }

    /** Runs a prompt of some tokens, then warms up. */
    void warmUpAfterPrompt(int promptTokens) {
        token = run.next(TokenRun.prompt(promptTokens, model.decoder().vocabSize()));
        warmUp();
    }

    /** Takes random keys and values for those of some tokens, then warms up. */
    void warmUpAfterRandom(int slots) {
        run.fill(slots);
        warmUp();
    }

    private void warmUp() {
        int warm = 0;
        long latest = System.nanoTime() + settleNanos;
        while (warm < WARM_UP_TOKENS
                || (isSettling(model.stats())
                        && warm < MOST_WARM_UP_TOKENS
                        && System.nanoTime() - latest < 0)) {
            token = run.next(token);
            warm++;
        }
    }

    private static boolean isSettling(StreamStats stats) {
        return stats.read().requests() > 0 && !stats.isPaceSettled();
    }

    /**
     * Decodes with no limit beside it: one round, timed to the end of its last token.
     *
     * @param tokens at most {@link StreamStats#MOST_RECENT_PASSES}
     */
    Result run(int tokens) {
        long begin = System.nanoTime();
        decode(tokens);
        double seconds = (System.nanoTime() - begin) / 1e9;
        long bytes = 0;
        List<StreamStats.PassRecord> passes = model.stats().recentPasses();
        for (StreamStats.PassRecord pass : passes.subList(passes.size() - tokens, passes.size())) {
            bytes += pass.bytes();
        }
        return new Result(
                List.of(seconds / tokens), List.of(bytes / seconds), List.of(), List.of(), bytes);
    }

    /**
     * Decodes beside reads of the disk.
     *
     * @param tokens of all rounds together
     * @param limit direct reads of the same files
     */
    Result runStreamed(int tokens, BenchLimit limit) {
        return rounds(tokens, DISK_ROUNDS, limit, true, null);
    }

    /**
     * Decodes beside reads of memory.
     *
     * @param tokens of all rounds together
     * @param limit reads of memory
     * @param productNanos adds up the time of products with weights, or null
     */
    Result runInMemory(int tokens, BenchLimit limit, LongSupplier productNanos) {
        return rounds(tokens, MEMORY_ROUNDS, limit, false, productNanos);
    }

    private Result rounds(
            int tokens, int most, BenchLimit limit, boolean streams, LongSupplier productNanos) {
        Result result =
                new Result(
                        new ArrayList<>(),
                        new ArrayList<>(),
                        new ArrayList<>(),
                        productNanos == null ? List.of() : new ArrayList<>(),
                        0);
        awaitQuiet(streams);
        long firstBytes = model.stats().read().bytes();
        result.limits().add(limit.measure());
        int rounds = Math.min(most, tokens);
        for (int round = 0; round < rounds; round++) {
            int count = (round + 1) * tokens / rounds - round * tokens / rounds;
            long products = productNanos == null ? 0 : productNanos.getAsLong();
            long before = model.stats().read().bytes();
            long begin = System.nanoTime();
            decode(count);
            double nanos = awaitQuiet(streams) - begin;
            long bytes =
                    streams
                            ? model.stats().read().bytes() - before
                            : count * model.plan().computedBytesPerPass();
            result.seconds().add(nanos / 1e9 / count);
            result.rates().add(bytes / (nanos / 1e9));
            if (productNanos != null) {
                result.outside().add(1 - (productNanos.getAsLong() - products) / nanos);
            }
            result.limits().add(limit.measure());
        }
        return new Result(
                result.seconds(),
                result.rates(),
                result.limits(),
                result.outside(),
                model.stats().read().bytes() - firstBytes);
    }

    private void decode(int tokens) {
        for (int i = 0; i < tokens; i++) {
            token = run.next(token);
        }
    }

    /** Waits until nothing is read, and tells when the last request ended, or this began. */
    private long awaitQuiet(boolean streams) {
        long last = System.nanoTime();
        long requests = model.stats().read().requests();
        while (streams && System.nanoTime() - last < QUIET_NANOS) {
            LockSupport.parkNanos(POLL_NANOS);
            long now = model.stats().read().requests();
            if (now != requests) {
                requests = now;
                last = System.nanoTime();
            }
        }
        return last;
    }

    @Override
    public void close() {
        Owned.closeAll(run);
    }
}
