/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.ModelPlan;
import io.offloadstream.plan.Bandwidths;
import io.offloadstream.plan.PlanRequest.Term;
import io.offloadstream.platform.MemorySize;
import io.offloadstream.platform.Storage;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Where {@code kvCachePlacement=auto} keeps keys and values, and how many of them. */
public class KvPlacementTest {

    private static final long SEED = 31;
    private static final SyntheticLlama LLAMA = SyntheticLlama.TINY;

    /** Of the model. */
    private static final int MOST_TOKENS = 2048;

    private static final int PAGE_TOKENS = 64;

    /** Keys and values of 64 tokens, in float32. */
    private static final long PAGE_BYTES =
            2L * PAGE_TOKENS * LLAMA.layers() * LLAMA.kvHeads() * LLAMA.headDim() * Float.BYTES;

    /** The model's longest text takes a little more than a quarter of this. */
    private static final long LITTLE_BYTES = 12_000_000;

    private static final long PLENTY_BYTES = 64_000_000;

    private ScratchDirectory scratch;

    @BeforeClass
    public void makeCheckpoint() {
        scratch = new ScratchDirectory("placement");
        LLAMA.write(scratch.path(), SEED);
    }

    @AfterClass(alwaysRun = true)
    public void deleteCheckpoint() {
        scratch.close();
    }

    @DataProvider
    Object[][] backends() {
        return TestDevices.with(new Object[][] {{}});
    }

    /** What a plan decided, and what it warned of. */
    private record Decided(ModelPlan plan, String log) {

        long onDevice() {
            return cache(plan.residency().deviceTerms());
        }

        long onHost() {
            return cache(plan.residency().terms());
        }

        private static long cache(List<Term> terms) {
            return terms.stream()
                    .filter(term -> term.name().equals("KV cache"))
                    .mapToLong(Term::bytes)
                    .sum();
        }
    }

    private Decided decide(
            String backend, long deviceBytes, long hostBytes, String... namesAndValues) {
        TestDevices.require(backend);
        Map<String, String> options = new HashMap<>();
        options.put("backend", backend);
        options.put("io", "direct");
        options.put("deviceMemory", Long.toString(deviceBytes));
        options.put("hostMemory", Long.toString(hostBytes));
        for (int i = 0; i < namesAndValues.length; i += 2) {
            options.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        ByteArrayOutputStream log = new ByteArrayOutputStream();
        PrintStream console = System.err;
        System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
        try {
            ModelPlan plan =
                    ModelPlan.of(scratch.path(), ModelOptions.parse(options), Storage.local());
            return new Decided(plan, log.toString(StandardCharsets.UTF_8));
        } finally {
            System.setErr(console);
        }
    }

    @Test(dataProvider = "backends")
    public void whatAQuarterHoldsIsOnTheDevice(String backend) {
        String length = Integer.toString(MOST_TOKENS);
        Decided decided = decide(backend, PLENTY_BYTES, PLENTY_BYTES, "maxSequenceLength", length);
        assertTrue(decided.onDevice() >= PAGE_BYTES * MOST_TOKENS / PAGE_TOKENS);
        assertEquals(decided.onHost(), 0);
        assertEquals(decided.plan().maxSequenceLength(), MOST_TOKENS);
    }

    @Test(dataProvider = "backends")
    public void whatItDoesNotHoldIsOnTheHostIfThatHoldsIt(String backend) {
        String length = Integer.toString(MOST_TOKENS);
        long cache = PAGE_BYTES * MOST_TOKENS / PAGE_TOKENS;
        assertTrue(cache > LITTLE_BYTES / 4 && cache < LITTLE_BYTES / 3, cache + " bytes");
        Decided moved = decide(backend, LITTLE_BYTES, PLENTY_BYTES, "maxSequenceLength", length);
        assertEquals(moved.onDevice(), 0);
        assertTrue(moved.onHost() >= cache, moved.onHost() + " bytes");
        assertEquals(moved.plan().maxSequenceLength(), MOST_TOKENS);

        String table = moved.plan().residency().table(Bandwidths.TYPICAL);
        String half = MemorySize.format(cache / 2);
        assertTrue(table.contains("of the bus, " + half + " are keys and values"), table);

        // all of it is needed, so more than a quarter is better than a refusal
        long least = moved.plan().leastBytes();
        assertTrue(least < cache, "the least of both placements");
        Decided tight = decide(backend, LITTLE_BYTES, least, "maxSequenceLength", length);
        assertTrue(tight.onDevice() >= cache, tight.onDevice() + " bytes");
        assertEquals(tight.onHost(), 0);
    }

    @Test(dataProvider = "backends")
    public void withoutALengthItIsWhatAQuarterHolds(String backend) {
        Decided all = decide(backend, PLENTY_BYTES, PLENTY_BYTES);
        assertEquals(all.plan().maxSequenceLength(), MOST_TOKENS);
        assertTrue(!all.log().contains("lowered"), all.log());

        Decided lowered = decide(backend, LITTLE_BYTES, PLENTY_BYTES);
        int holds = lowered.plan().maxSequenceLength();
        assertTrue(holds < MOST_TOKENS && holds >= MOST_TOKENS / 2, holds + " tokens");
        assertTrue(lowered.onDevice() > 0 && lowered.onDevice() <= LITTLE_BYTES / 4);
        assertEquals(lowered.onHost(), 0);
        assertTrue(
                lowered.log()
                        .contains("lowered from the model's " + MOST_TOKENS + " to " + holds + ":"),
                lowered.log());
    }

    /** What stays on the device by order comes first, then the cache, as far as it goes. */
    @Test(dataProvider = "backends")
    public void withoutALengthItMakesRoomForWhatElseIsNeeded(String backend) {
        String blocks = Integer.toString(LLAMA.layers());
        Decided much = decide(backend, PLENTY_BYTES, PLENTY_BYTES, "gpuLayers", blocks);
        Decided least =
                decide(backend, much.plan().deviceLeastBytes(), PLENTY_BYTES, "gpuLayers", blocks);
        assertEquals(least.plan().maxSequenceLength(), PAGE_TOKENS);
        assertTrue(least.onDevice() >= PAGE_BYTES, least.onDevice() + " bytes");
        String line = "lowered from the model's " + MOST_TOKENS + " to " + PAGE_TOKENS + ":";
        assertEquals(
                least.log().lines().filter(text -> text.contains(line)).count(), 1, least.log());
    }
}
