/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.offloadstream.model.Session;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenBatch;
import io.offloadstream.stream.StreamStats;
import io.offloadstream.stream.StreamStats.PassRecord;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Copies to a device hide behind computation where blocks compute longer than they copy. */
public class OverlapTest {

    /** The first blocks of a pass are copied before it begins: of 24 that is a small share. */
    private static final SyntheticLlama SHAPE = new SyntheticLlama(24, 8, 2, 32, 512, 512);

    private static final long SEED = 3;
    private static final int TOKENS = 64;
    private static final double LEAST_OVERLAP = 0.8;

    /**
     * What else the machine does can only keep copies from hiding: readers that do not get to run
     * copy late. So the best of some runs counts.
     */
    private static final int ATTEMPTS = 5;

    /** The first copies of the first one have nothing to hide behind. */
    private static final int PASSES = 8;

    @DataProvider
    Object[][] sources() {
        return TestDevices.with(new Object[][] {{"host"}, {"disk"}});
    }

    @Test(dataProvider = "sources")
    public void copiesLieUnderComputation(String backend, String source) throws Exception {
        TestDevices.require(backend);
        try (ScratchDirectory scratch = new ScratchDirectory("overlap")) {
            SHAPE.write(scratch.path(), SEED);
            Path trace = scratch.path().resolve("trace.json");
            Map<String, String> options = TestDevices.plenty(backend, 1, TOKENS);
            // room for passes of many rows, so that a block computes longer than it is read
            long device = TestDevices.least(scratch.path(), options, "deviceMemory") + (2 << 20);
            options.put("deviceMemory", Long.toString(device));
            if (source.equals("disk")) {
                long logits = 4L * TOKENS * SHAPE.vocab() + (1 << 20);
                long host = TestDevices.least(scratch.path(), options, "hostMemory") + logits;
                options.put("hostMemory", Long.toString(host));
            }
            options.put("trace", trace.toString());
            double best = 0;
            String seen = "";
            for (int i = 0; i < ATTEMPTS && best < LEAST_OVERLAP; i++) {
                StreamStats stats = run(scratch.path(), options, source);
                // of the statistics, and as the trace shows it
                double overlap = Math.min(stats.copyOverlap(), overlap(trace));
                seen += "the trace shows " + overlap(trace) + "\n" + stats.toTable();
                best = Math.max(best, overlap);
            }
            assertTrue(best >= LEAST_OVERLAP, seen);
        }
    }

    private static StreamStats run(Path directory, Map<String, String> options, String source) {
        StreamStats stats;
        try (StreamedModel model = TestDevices.open(directory, options);
                Session session = model.newSession(1)) {
            Random random = new Random(SEED);
            for (int pass = 0; pass < PASSES; pass++) {
                int[] ids = random.ints(TOKENS, 0, model.decoder().vocabSize()).toArray();
                session.reset();
                Runs.all(model, session, new TokenBatch(TOKENS, ids, null, null));
            }
            stats = model.stats();
            assertTrue(PassReads.last(stats).copyNanos() > 0, stats.toTable());
            PassRecord last = PassReads.last(stats);
            assertEquals(last.hostBytes() > last.bytes(), source.equals("host"), source);
        }
        return stats;
    }

    /** The share of the trace's copies that lies under its computation. */
    private static double overlap(Path trace) throws Exception {
        JsonArray events;
        try (Reader reader = Files.newBufferedReader(trace, StandardCharsets.UTF_8)) {
            JsonElement root = JsonParser.parseReader(reader);
            events =
                    root.isJsonArray()
                            ? root.getAsJsonArray()
                            : root.getAsJsonObject().getAsJsonArray("traceEvents");
        }
        List<JsonObject> copies = intervals(events, "copy");
        List<JsonObject> computing = intervals(events, "compute");
        double copied = 0;
        double under = 0;
        for (JsonObject copy : copies) {
            copied += copy.get("dur").getAsDouble();
            for (JsonObject work : computing) {
                under += Math.max(0, Math.min(end(copy), end(work)) - begin(copy, work));
            }
        }
        assertTrue(copied > 0, "copies in the trace");
        return under / copied;
    }

    /** What the trace has on the track of a stream of the device. */
    private static List<JsonObject> intervals(JsonArray events, String stream) {
        int track = -1;
        List<JsonObject> intervals = new ArrayList<>();
        for (JsonElement element : events) {
            JsonObject event = element.getAsJsonObject();
            String name =
                    event.get("ph").getAsString().equals("M")
                            ? event.getAsJsonObject("args").get("name").getAsString()
                            : "";
            if (name.startsWith("device") && name.contains(stream)) {
                track = event.get("tid").getAsInt();
            }
            if (event.has("dur") && event.get("tid").getAsInt() == track) {
                intervals.add(event);
            }
        }
        assertTrue(track >= 0, "a track of the device for " + stream);
        return intervals;
    }

    private static double begin(JsonObject one, JsonObject other) {
        return Math.max(one.get("ts").getAsDouble(), other.get("ts").getAsDouble());
    }

    private static double end(JsonObject event) {
        return event.get("ts").getAsDouble() + event.get("dur").getAsDouble();
    }
}
