/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.stream.StreamOptions.Io;
import io.offloadstream.stream.StreamOptions.SchedulerKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** No slot stays empty while a group computes, be it resident or the last one of a pass. */
public class BusyReadersTest extends WeightFixture {

    private static final int WARM_UP_PASSES = 2;
    private static final int PASSES = 5;
    private static final long DEADLINE_NANOS = 30_000_000_000L;

    @DataProvider
    public Object[][] schedulers() {
        return new Object[][] {
            {SchedulerKind.LOOKAHEAD, 2, Long.MAX_VALUE},
            {SchedulerKind.LOOKAHEAD, 3, Long.MAX_VALUE},
            {SchedulerKind.COST_AWARE, 2, Long.MAX_VALUE},
            {SchedulerKind.COST_AWARE, 2, 1}
        };
    }

    @Test(timeOut = 600_000, dataProvider = "schedulers")
    public void whileAGroupComputesAllSlotsAreReadInto(
            SchedulerKind scheduler, int depth, long partBytes) throws IOException {
        RandomWeights weights = new RandomWeights(directory, 7100 + depth, 11, 1, partBytes);
        ResidencyPlan plan = weights.plan(0.5, depth, RandomWeights.BLOCK_BYTES);
        int slots = plan.slotCount();
        assertEquals(slots > depth, partBytes == 1, "slots are of parts: " + plan);
        Path trace = directory.resolve("trace.json");
        StreamOptions options = new StreamOptions(Io.DIRECT, scheduler, depth - 1, 3, trace);
        int[] order = weights.order();
        List<Integer> streamed = streamed(plan, order);
        assertTrue(streamed.size() > slots && streamed.size() < order.length, plan.toString());
        try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes())) {
            try (WeightStream stream =
                    WeightStream.open(plan, options, budget, new FaultyStorage())) {
                for (int pass = 0; pass < PASSES; pass++) {
                    runPass(stream, plan, weights, pass, slots);
                }
            }
        }
        requireFullRing(trace, plan, streamed, slots);
    }

    /** Holds each lease until all has been read that can be, and no more. */
    private static void runPass(
            WeightStream stream, ResidencyPlan plan, RandomWeights weights, int number, int slots) {
        int[] order = weights.order();
        try (StreamPass pass = stream.begin(order)) {
            for (int whole : weights.wholes(order)) {
                try (GroupLease lease = pass.next()) {
                    assertEquals(lease.group().index(), whole);
                    if (number >= WARM_UP_PASSES) {
                        await(stream, expectedBytes(plan, order, number, whole, slots));
                    }
                }
            }
        }
    }

    /** What is in memory for good, and what has passed through the ring or lies in it. */
    private static long expectedBytes(
            ResidencyPlan plan, int[] order, int number, int position, int slots) {
        long bytes = 0;
        for (var group : plan.groups()) {
            boolean isOnce = plan.isResident(group.index());
            bytes += isOnce ? plan.extents(group.index()).readBytes() : 0;
        }
        int inRing = 0;
        for (int at = 0; at < (number + 2) * order.length; at++) {
            int group = order[at % order.length];
            boolean isAhead = at >= number * order.length + position;
            if (!plan.isResident(group) && !(isAhead && inRing == slots)) {
                bytes += plan.extents(group).readBytes();
                inRing += isAhead ? 1 : 0;
            }
        }
        return bytes;
    }

    private static void await(WeightStream stream, long bytes) {
        long begin = System.nanoTime();
        while (stream.stats().read().bytes() < bytes) {
            if (System.nanoTime() - begin > DEADLINE_NANOS) {
                break;
            }
            Thread.onSpinWait();
        }
        assertEquals(stream.stats().read().bytes(), bytes, "a slot is not read into");
    }

    /** Looks at the trace: at the end of each lease every slot holds a group. */
    private static void requireFullRing(
            Path trace, ResidencyPlan plan, List<Integer> streamed, int slots) throws IOException {
        List<JsonObject> events = new ArrayList<>();
        for (JsonElement element :
                JsonParser.parseString(Files.readString(trace))
                        .getAsJsonObject()
                        .getAsJsonArray("traceEvents")) {
            if (element.getAsJsonObject().get("ph").getAsString().equals("X")) {
                events.add(element.getAsJsonObject());
            }
        }
        Map<String, Long> sizes = new HashMap<>();
        Map<String, Integer> parts = new HashMap<>();
        for (int group : streamed) {
            sizes.put(plan.groups().get(group).name(), plan.extents(group).readBytes());
            parts.merge(plan.groups().get(group).whole().name(), 1, Integer::sum);
        }
        List<JsonObject> leases =
                events.stream()
                        .filter(BusyReadersTest::isOfThePass)
                        .filter(event -> name(event).matches("(layer|head)\\.[0-9]+"))
                        .toList();
        int perPass = leases.size() / PASSES;
        assertEquals(leases.size(), perPass * PASSES);
        for (JsonObject lease : leases.subList(perPass * WARM_UP_PASSES, leases.size())) {
            double now = end(lease);
            double held = 0;
            for (JsonObject event : events) {
                if (isOfThePass(event) && end(event) < now) {
                    held -= parts.getOrDefault(name(event), 0);
                } else if (!isOfThePass(event) && begin(event) <= now) {
                    Long size = sizes.get(name(event));
                    held += size == null ? 0 : bytes(event) / (double) size;
                }
            }
            assertEquals(held, slots, 1e-6, "slots in use at the end of " + lease);
        }
    }

    private static boolean isOfThePass(JsonObject event) {
        return event.get("tid").getAsInt() == TraceFile.COMPUTE_TRACK;
    }

    private static String name(JsonObject event) {
        return event.get("name").getAsString();
    }

    private static double begin(JsonObject event) {
        return event.get("ts").getAsDouble();
    }

    private static double end(JsonObject event) {
        return begin(event) + event.get("dur").getAsDouble();
    }

    private static long bytes(JsonObject event) {
        return event.getAsJsonObject("args").get("bytes").getAsLong();
    }
}
