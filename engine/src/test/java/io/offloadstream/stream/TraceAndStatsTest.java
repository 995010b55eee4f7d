/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.stream.StreamOptions.Io;
import io.offloadstream.stream.StreamOptions.SchedulerKind;
import java.io.IOException;
import java.io.Reader;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.testng.annotations.Test;

/** What a stream tells about itself. */
@SuppressWarnings("try") // closed early: statistics are final only then
public class TraceAndStatsTest extends WeightFixture {

    private static StreamOptions tracing(Path trace) {
        return new StreamOptions(Io.DIRECT, SchedulerKind.LOOKAHEAD, 1, 2, trace);
    }

    @Test(timeOut = 600_000)
    public void theTraceIsValidJsonAndHasEveryByteAndLease() throws IOException {
        RandomWeights weights = new RandomWeights(directory, 31, 6);
        ResidencyPlan plan = weights.plan(0.3, 2, 4096);
        Path trace = directory.resolve("trace.json");
        StreamStats stats;
        try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes())) {
            try (WeightStream stream =
                    WeightStream.open(plan, tracing(trace), budget, new FaultyStorage())) {
                weights.runPass(stream, weights.order(), new Random(1));
                assertTrue(Files.size(trace) > 1000, "nothing is written before the end");
                weights.runPass(stream, weights.order(), new Random(2));
                stream.close();
                stats = stream.stats();
            }
        }
        JsonObject json = JsonParser.parseString(Files.readString(trace)).getAsJsonObject();
        long readBytes = 0;
        int leases = 0;
        Set<Integer> tracks = new HashSet<>();
        for (JsonElement element : json.getAsJsonArray("traceEvents")) {
            JsonObject event = element.getAsJsonObject();
            int track = event.get("tid").getAsInt();
            tracks.add(track);
            if (event.get("ph").getAsString().equals("M")) {
                continue;
            }
            assertTrue(event.get("dur").getAsDouble() >= 0);
            if (track != TraceFile.COMPUTE_TRACK) {
                readBytes += event.getAsJsonObject("args").get("bytes").getAsLong();
            } else if (!event.get("name").getAsString().startsWith("wait")) {
                leases++;
            }
        }
        assertEquals(tracks, Set.of(0, 1, 2));
        assertEquals(readBytes, stats.read().bytes());
        assertEquals(leases, stats.compute().groups());
    }

    @Test
    public void aTraceThatCannotBeWrittenIsAnErrorAtOpen() throws IOException {
        RandomWeights weights = new RandomWeights(directory, 31, 3);
        ResidencyPlan plan = weights.plan(0, 2, 4096);
        FaultyStorage storage = new FaultyStorage();
        try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes())) {
            Path nowhere = directory.resolve("missing").resolve("trace.json");
            expectThrows(
                    OffloadStreamException.class,
                    () -> WeightStream.open(plan, tracing(nowhere), budget, storage));
        }
        assertEquals(storage.open(), 0);
    }

    @Test(timeOut = 600_000)
    public void statisticsAddUpAndStayBounded() throws IOException {
        RandomWeights weights = new RandomWeights(directory, 32, 5);
        ResidencyPlan plan = weights.plan(0.5, 2, 4096);
        FaultyStorage storage = new FaultyStorage();
        try (MemoryBudget budget = new MemoryBudget("hostMemory", plan.hostMemoryBytes())) {
            StreamStats stats;
            try (WeightStream stream = WeightStream.open(plan, tracing(null), budget, storage)) {
                for (int i = 0; i < StreamStats.MOST_RECENT_PASSES + 5; i++) {
                    weights.runPass(stream, weights.order(), new Random(i));
                }
                stream.close();
                stats = stream.stats();
            }
            assertEquals(stats.passes(), StreamStats.MOST_RECENT_PASSES + 5);
            assertEquals(stats.recentPasses().size(), StreamStats.MOST_RECENT_PASSES);
            assertEquals(stats.read().bytes(), storage.bytes());
            assertEquals(stats.read().requests(), storage.reads());
            assertEquals(stats.compute().groups(), stats.passes() * (long) weights.streamedCount());
            assertTrue(stats.gather().rowsFromDisk() > 0);
            assertTrue(stats.compute().busyNanos() > 0 && stats.read().busyNanos() > 0);
            assertTrue(stats.toTable().contains("read (direct)"), stats.toTable());
            assertFalse(stats.toTable().contains("null"), stats.toTable());
        }
    }

    @Test(timeOut = 600_000)
    public void aPassThatEndsAfterItsTraceWasClosedEndsQuietly() {
        // a stream is closed as soon as the turn of its pass is over; the pass flushes after that
        Path file = directory.resolve("trace.json");
        TraceFile trace = TraceFile.openIfAsked(tracing(file), 2);
        trace.event(TraceFile.COMPUTE_TRACK, "layer.0", System.nanoTime(), 1, 1);
        trace.close();
        trace.flush();
        trace.event(TraceFile.COMPUTE_TRACK, "layer.1", System.nanoTime(), 1, 1);
        trace.close();
        assertTrue(JsonParser.parseReader(reader(file)).isJsonObject());
    }

    private static Reader reader(Path file) {
        try {
            return new StringReader(Files.readString(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
