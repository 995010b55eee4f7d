/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.stream.StreamOptions.Io;
import io.offloadstream.stream.StreamOptions.SchedulerKind;
import io.offloadstream.stream.StreamStats.PassRecord;
import io.offloadstream.stream.StreamStats.UploadStage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.testng.annotations.Test;

/** Bytes, order and counts of passes on a device with memory of its own. */
public class DeviceStreamTest extends DeviceFixture {

    private static final Shape HALF = new Shape(0.5, 0.5, 2, 3, 4096);

    @Test(timeOut = 600_000)
    public void kernelsFindTheBytesOfTheFileUnderRandomPlans() throws Exception {
        for (long seed = 0; seed < 60; seed++) {
            Random random = new Random(seed);
            int layers = 1 + random.nextInt(9);
            RandomWeights weights =
                    new RandomWeights(directory, seed, layers, 1 + random.nextInt(12));
            int prefetch = random.nextInt(4);
            SchedulerKind kind =
                    random.nextBoolean() ? SchedulerKind.LOOKAHEAD : SchedulerKind.BLOCK;
            boolean isBlock = kind == SchedulerKind.BLOCK && prefetch > 0;
            Shape shape =
                    new Shape(
                            random.nextInt(3) == 0 ? 0 : random.nextDouble(),
                            random.nextInt(3) == 0 ? 0 : random.nextDouble(),
                            isBlock ? 2 * prefetch : prefetch + 1,
                            1 + random.nextInt(4),
                            random.nextBoolean() ? RandomWeights.BLOCK_BYTES : 1);
            Io io = shape.blockBytes() == 1 ? Io.BUFFERED : Io.DIRECT;
            int readers = 1 + random.nextInt(8);
            on(
                    seed,
                    weights,
                    shape,
                    new StreamOptions(io, kind, prefetch, readers, null),
                    bench -> {
                        for (int pass = 0; pass < 5; pass++) {
                            bench.runPass(randomOrder(weights, random), random);
                        }
                        assertEquals(bench.stream().stats().passes(), 5);
                    });
        }
    }

    private static int[] randomOrder(RandomWeights weights, Random random) {
        List<Integer> order = new ArrayList<>(Arrays.stream(weights.order()).boxed().toList());
        if (random.nextBoolean()) {
            Collections.shuffle(order, random);
        }
        int length = random.nextBoolean() ? order.size() : 1 + random.nextInt(order.size());
        return order.subList(0, length).stream().mapToInt(i -> i).toArray();
    }

    @Test(timeOut = 600_000)
    public void eachTierMovesExactlyTheBytesThatArePlanned() throws Exception {
        for (double share : new double[] {0, 0.3, 0.7, 1}) {
            RandomWeights weights = new RandomWeights(directory, 5, 11, 3);
            on(
                    5,
                    weights,
                    new Shape(share, 0.5, 2, 3, 4096),
                    options(Io.DIRECT, 1, 4),
                    bench -> {
                        ResidencyPlan plan = bench.plan();
                        for (int pass = 0; pass < 3; pass++) {
                            bench.runPass(weights.order(), new Random(pass));
                        }
                        StreamStats stats = bench.stream().stats();
                        for (PassRecord later : stats.recentPasses().subList(1, 3)) {
                            assertEquals(later.bytes(), plan.streamedBytesPerPass());
                            assertEquals(
                                    later.bytes() > 0, !later.groupsRead().isEmpty(), "" + later);
                            long fromHost =
                                    plan.hostGroups().stream()
                                            .mapToLong(group -> group.sizeBytes())
                                            .sum();
                            assertEquals(later.hostBytes(), fromHost);
                            assertTrue(later.isComplete());
                        }
                        if (share == 1) {
                            assertEquals(plan.copiedBytesPerPass(), 0);
                        } else {
                            assertFalse(plan.hostGroups().isEmpty());
                            assertTrue(stats.upload().bytesFromHost() > 0);
                        }
                        assertTrue(stats.upload().bytesFromDisk() > 0);
                        assertEquals(stats.upload().unpinnedBytes(), 0);
                        assertTrue(stats.upload().busyNanos() > 0);
                        assertTrue(stats.toTable().contains("upload"), stats.toTable());
                    });
        }
    }

    @Test(timeOut = 600_000)
    public void computationWaitsForUploadsAndNoThreadOfTheHostDoes() throws Exception {
        RandomWeights weights = new RandomWeights(directory, 6, 6);
        Shape shape = new Shape(0, 0, 2, 12, 4096);
        on(
                6,
                weights,
                shape,
                options(Io.DIRECT, 1, 3),
                bench -> {
                    CountDownLatch gate = bench.device().copies().hold();
                    try (StreamPass pass = bench.stream().begin(weights.order())) {
                        // two slots: both groups are leased while nothing has been copied yet
                        for (int i = 0; i < 2; i++) {
                            try (GroupLease lease = pass.next()) {
                                bench.compute(lease);
                            }
                        }
                        boolean blocked = bench.device().compute().isBlockedByEvent();
                        gate.countDown();
                        assertTrue(blocked);
                        for (int i = 2; i < weights.streamedCount(); i++) {
                            try (GroupLease lease = pass.next()) {
                                bench.compute(lease);
                            }
                        }
                        bench.device().compute().synchronize();
                    }
                });
    }

    @Test(timeOut = 600_000)
    public void copiesWaitForTheComputationInTheirSlot() throws Exception {
        RandomWeights weights = new RandomWeights(directory, 7, 6);
        on(
                7,
                weights,
                new Shape(0, 0, 2, 12, 4096),
                options(Io.DIRECT, 1, 3),
                bench -> {
                    CountDownLatch gate = bench.device().compute().hold();
                    try (StreamPass pass = bench.stream().begin(weights.order())) {
                        for (int i = 0; i < 3; i++) {
                            try (GroupLease lease = pass.next()) {
                                bench.compute(lease);
                            }
                        }
                        // the third group lies where the first one still computes
                        boolean blocked = bench.device().copies().isBlockedByEvent();
                        gate.countDown();
                        assertTrue(blocked);
                        bench.device().compute().synchronize();
                    }
                });
    }

    @Test(timeOut = 600_000)
    public void theNextPassIsCopiedWhileThisOneComputesItsLastGroup() throws Exception {
        RandomWeights weights = new RandomWeights(directory, 8, 7);
        on(
                8,
                weights,
                new Shape(0, 0, 3, 3, 4096),
                options(Io.DIRECT, 2, 3),
                bench -> {
                    int last = weights.streamedCount() - 1;
                    long ahead = bytesUpTo(weights, last + 2);
                    try (StreamPass pass = bench.stream().begin(weights.order())) {
                        for (int group = 0; group <= last; group++) {
                            try (GroupLease lease = pass.next()) {
                                bench.compute(lease);
                                while (group == last
                                        && bench.device().copies().uploadedBytes() < ahead) {
                                    Thread.onSpinWait();
                                }
                            }
                        }
                        bench.device().compute().synchronize();
                    }
                    bench.runPass(weights.order(), new Random(1));
                    PassRecord second = bench.stream().stats().recentPasses().get(1);
                    assertTrue(second.groupsPrefetched() >= 2, second.toString());
                });
    }

    @Test(timeOut = 600_000)
    public void theLeastBudgetsSufficeToTheByte() throws Exception {
        for (int slots = 1; slots <= 3; slots++) {
            RandomWeights weights = new RandomWeights(directory, 9, 8, 4);
            Shape least = new Shape(0, 0, slots, 1, 4096);
            on(
                    9,
                    weights,
                    least,
                    options(Io.DIRECT, slots - 1, 5),
                    bench -> {
                        ResidencyPlan plan = bench.plan();
                        assertEquals(plan.deviceMemoryBytes(), plan.deviceLeastBytes());
                        assertEquals(plan.hostMemoryBytes(), plan.leastBytes());
                        for (int i = 0; i < 3; i++) {
                            bench.runPass(weights.order(), new Random(i));
                        }
                        assertEquals(bench.budgets().device().peakBytes(), plan.deviceLeastBytes());
                        assertEquals(bench.budgets().host().peakBytes(), plan.leastBytes());
                    });
        }
    }

    @Test(timeOut = 600_000)
    public void copiesLieUnderComputationThatTakesLonger() throws Exception {
        RandomWeights weights = new RandomWeights(directory, 10, 24, 2);
        for (int nanosPerByte : new int[] {0, 4}) {
            on(
                    10,
                    weights,
                    new Shape(0, 0, 4, 4, 4096),
                    options(Io.DIRECT, 3, 3),
                    bench -> {
                        for (int i = 0; i < 4; i++) {
                            runReadAhead(bench, nanosPerByte);
                        }
                        // what is read ahead is copied too; after this no more
                        bench.stream().close();
                        StreamStats stats = bench.stream().stats();
                        double overlap = stats.copyOverlap();
                        if (nanosPerByte == 0) {
                            assertEquals(overlap, 0.0, stats.toTable());
                            assertEquals(stats.compute().busyNanos(), 0);
                        } else {
                            assertTrue(overlap >= 0.8 && overlap < 1, stats.toTable());
                            assertTrue(stats.compute().busyNanos() > 0);
                        }
                        assertEquals(
                                stats.upload().bytes(),
                                stats.upload().busyNanos(),
                                "a nanosecond per byte");
                    });
        }
    }

    /**
     * Runs a pass in which each group computes after the next one has been enqueued and a copy has
     * come to wait for it: how soon threads come to run must not decide what lies under what.
     */
    private static void runReadAhead(Bench bench, int nanosPerByte) throws InterruptedException {
        FakeStream compute = bench.device().compute();
        FakeStream.Barrier last = null;
        try (StreamPass pass = bench.stream().begin(bench.weights().order())) {
            for (int group = 0; group < bench.weights().streamedCount(); group++) {
                FakeStream.Barrier barrier = compute.launchBarrier();
                try (GroupLease lease = pass.next()) {
                    bench.compute(lease, nanosPerByte);
                }
                if (last != null) {
                    last.reached().await();
                    while (!bench.device().copies().isBlockedByEvent()) {
                        Thread.onSpinWait();
                    }
                    last.opened().countDown();
                }
                last = barrier;
            }
            last.opened().countDown();
            compute.synchronize();
        }
    }

    /** What is copied once, and the groups up to a position counted over all passes. */
    private static long bytesUpTo(RandomWeights weights, int position) {
        long bytes = weights.groups().get(weights.staticGroup()).sizeBytes();
        for (int i = 0; i <= position; i++) {
            bytes += weights.groups().get(i % weights.streamedCount()).sizeBytes();
        }
        return bytes;
    }

    @Test(timeOut = 600_000)
    public void twoThreadsTakeTurns() throws Exception {
        RandomWeights weights = new RandomWeights(directory, 11, 7);
        on(
                11,
                weights,
                HALF,
                options(Io.DIRECT, 1, 3),
                bench -> {
                    List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
                    Thread[] threads = new Thread[3];
                    for (int t = 0; t < threads.length; t++) {
                        Random random = new Random(t);
                        threads[t] =
                                new Thread(
                                        () -> {
                                            try {
                                                for (int i = 0; i < 10; i++) {
                                                    bench.runPass(weights.order(), random);
                                                }
                                            } catch (Throwable e) {
                                                failures.add(e);
                                            }
                                        });
                        threads[t].start();
                    }
                    for (Thread thread : threads) {
                        thread.join();
                    }
                    assertEquals(failures, List.of());
                    assertEquals(bench.stream().stats().passes(), 30);
                });
    }

    @Test(timeOut = 600_000)
    public void theTraceHasTheStreamsOfTheDevice() throws Exception {
        RandomWeights weights = new RandomWeights(directory, 12, 6, 3);
        Path trace = directory.resolve("trace.json");
        on(
                12,
                weights,
                HALF,
                new StreamOptions(Io.DIRECT, SchedulerKind.LOOKAHEAD, 1, 2, trace),
                bench -> {
                    bench.runPass(weights.order(), new Random(1));
                    bench.runPass(weights.order(), new Random(2));
                    bench.stream().close();
                    UploadStage upload = bench.stream().stats().upload();
                    JsonArray events =
                            JsonParser.parseString(Files.readString(trace))
                                    .getAsJsonObject()
                                    .getAsJsonArray("traceEvents");
                    int copies = track(events, "device copy");
                    int compute = track(events, "device compute");
                    assertEquals(sum(events, copies, "bytes"), upload.bytes());
                    assertEquals(count(events, copies), upload.requests());
                    // the norm is leased beside the groups of the order
                    assertEquals(count(events, compute), 2 * (weights.streamedCount() + 1L));
                });
    }

    private static int track(JsonArray events, String name) {
        for (JsonElement each : events) {
            JsonObject event = each.getAsJsonObject();
            if (event.get("ph").getAsString().equals("M")
                    && event.getAsJsonObject("args").get("name").getAsString().equals(name)) {
                return event.get("tid").getAsInt();
            }
        }
        throw new AssertionError("no track is named " + name);
    }

    private static List<JsonObject> on(JsonArray events, int track) {
        List<JsonObject> list = new ArrayList<>();
        for (JsonElement each : events) {
            JsonObject event = each.getAsJsonObject();
            if (event.get("ph").getAsString().equals("X") && event.get("tid").getAsInt() == track) {
                list.add(event);
            }
        }
        return list;
    }

    private static long count(JsonArray events, int track) {
        return on(events, track).size();
    }

    private static long sum(JsonArray events, int track, String argument) {
        return on(events, track).stream()
                .mapToLong(event -> event.getAsJsonObject("args").get(argument).getAsLong())
                .sum();
    }
}
