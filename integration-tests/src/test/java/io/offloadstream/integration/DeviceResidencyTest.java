/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.ModelPlan;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.platform.BudgetExceededException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** On a device the reference models give the reference's results, wherever weights are. */
public class DeviceResidencyTest {

    private static final int NEW_TOKENS = 8;

    /** cuFile, where a card has it, reads the way that the machine allows. */
    @DataProvider
    Object[][] cases() {
        List<Object[]> rows = new ArrayList<>();
        for (String model : TestModels.REFERENCES) {
            for (String io : new String[] {"direct", "buffered", "gds"}) {
                rows.add(new Object[] {model, io});
            }
        }
        return Arrays.stream(TestDevices.with(rows.toArray(Object[][]::new)))
                .filter(row -> row[0].equals("cuda") || !row[2].equals("gds"))
                .toArray(Object[][]::new);
    }

    @DataProvider
    Object[][] backends() {
        return TestDevices.with(new Object[][] {{}});
    }

    /** Budgets by name: all on the device, what is not there in host memory, or on disk. */
    private static Map<String, Map<String, String>> budgets(
            Goldens goldens, Map<String, String> plenty, long outputBytes) {
        ModelPlan plan = Budgets.plan(goldens.directory(), plenty);
        assertEquals(plan.residency().slotCount(), 0, "all of it fits");
        long weights = Budgets.streamedBytes(plan);
        long device = plan.deviceLeastBytes();
        long host = plan.leastBytes() + outputBytes;
        Map<String, Map<String, String>> all = new HashMap<>();
        all.put("resident", plenty);
        all.put("host groups", Budgets.with(plenty, "deviceMemory", device));
        all.put(
                "some of each",
                Budgets.with(
                        Budgets.with(plenty, "deviceMemory", device + weights / 3),
                        "hostMemory",
                        host + weights / 3));
        all.put(
                "disk",
                Budgets.with(Budgets.with(plenty, "deviceMemory", device), "hostMemory", host));
        return all;
    }

    @Test(dataProvider = "cases")
    public void resultsAreTheSameBitsUnderEveryBudget(String backend, String name, String io) {
        TestDevices.require(backend);
        Goldens goldens = Goldens.reference(name);
        for (Goldens.Case c : goldens.cases()) {
            Map<String, String> plenty = TestDevices.plenty(backend, c.batch(), c.tokens(), io);
            long logits =
                    Budgets.plan(goldens.directory(), plenty).logitsBytes(c.batch(), c.tokens());
            Runs.Result resident = run(goldens, c, Budgets.with(plenty, "io", "direct"));
            String what = name + " " + c.name() + " by " + io;
            Closeness.assertClose(
                    resident.logits(), goldens.tensor(c.key("logits")), c.mask(), what);
            budgets(goldens, plenty, logits)
                    .forEach(
                            (where, options) ->
                                    assertEquals(
                                            run(goldens, c, options).logits(),
                                            resident.logits(),
                                            what + " " + where));
            Map<String, String> kvOnHost = Budgets.with(plenty, "kvCachePlacement", "host");
            assertEquals(run(goldens, c, kvOnHost).logits(), resident.logits(), what + " KV");
        }
    }

    /** The processor's kernels round otherwise than the device's, but in one way. */
    @Test(dataProvider = "cases")
    public void theHostAttendsToItsCacheWithTheSameBitsUnderEveryBudget(
            String backend, String name, String io) {
        TestDevices.require(backend);
        Goldens goldens = Goldens.reference(name);
        for (Goldens.Case c : goldens.cases()) {
            Map<String, String> plenty = TestDevices.plenty(backend, c.batch(), c.tokens(), io);
            plenty.put("kvCachePlacement", "host");
            plenty.put("attention", "host");
            long logits =
                    Budgets.plan(goldens.directory(), plenty).logitsBytes(c.batch(), c.tokens());
            Runs.Result resident = run(goldens, c, Budgets.with(plenty, "io", "direct"));
            String what = name + " " + c.name() + " by " + io + ", attention on the host";
            Closeness.assertClose(
                    resident.logits(), goldens.tensor(c.key("logits")), c.mask(), what);
            budgets(goldens, plenty, logits)
                    .forEach(
                            (where, options) ->
                                    assertEquals(
                                            run(goldens, c, options).logits(),
                                            resident.logits(),
                                            what + " " + where));
            Map<String, String> oneThread = Budgets.with(plenty, "threads", "1");
            assertEquals(run(goldens, c, oneThread).logits(), resident.logits(), what + " thread");
        }
    }

    private static Runs.Result run(Goldens goldens, Goldens.Case c, Map<String, String> options) {
        try (StreamedModel model =
                StreamedModel.open(goldens.directory(), ModelOptions.parse(options))) {
            Runs.Result first = Runs.all(model, c);
            Runs.Result second = Runs.all(model, c);
            assertEquals(second.logits(), first.logits(), "a second run");
            assertTrue(model.budget().peakBytes() <= model.budget().limitBytes());
            assertTrue(model.deviceBudget().peakBytes() <= model.deviceBudget().limitBytes());
            return first;
        }
    }

    @Test(dataProvider = "cases")
    public void greedyTokensAreTheReferencesUnderEveryBudget(
            String backend, String name, String io) {
        TestDevices.require(backend);
        Goldens goldens = Goldens.reference(name);
        for (Goldens.Case c : goldens.cases()) {
            if (!c.has("greedy_new_tokens")) {
                continue;
            }
            int count = Math.min(NEW_TOKENS, c.greedyNewTokens().length);
            int[] expected = Arrays.copyOf(c.greedyNewTokens(), count);
            Map<String, String> plenty = TestDevices.plenty(backend, 1, c.tokens() + count, io);
            long logits = Budgets.plan(goldens.directory(), plenty).logitsBytes(1, 1);
            budgets(goldens, plenty, logits)
                    .forEach(
                            (where, options) -> {
                                try (StreamedModel model =
                                        StreamedModel.open(
                                                goldens.directory(), ModelOptions.parse(options))) {
                                    assertEquals(
                                            Runs.greedy(model, c.inputIds(), count),
                                            expected,
                                            name + " " + c.name() + " " + where);
                                }
                            });
        }
    }

    @Test(dataProvider = "backends")
    public void oneByteBelowEitherLeastIsRefusedWithTheNumber(String backend) {
        TestDevices.require(backend);
        Goldens goldens = Goldens.reference("llama-tiny");
        Map<String, String> plenty = TestDevices.plenty(backend, 1, 32);
        ModelPlan plan = Budgets.plan(goldens.directory(), plenty);
        requireExact(goldens, plenty, "deviceMemory", plan.deviceLeastBytes());
        requireExact(goldens, plenty, "hostMemory", plan.leastBytes());
        plenty.put("kvCachePlacement", "host");
        plenty.put("attention", "host");
        ModelPlan onHost = Budgets.plan(goldens.directory(), plenty);
        requireExact(goldens, plenty, "deviceMemory", onHost.deviceLeastBytes());
        requireExact(goldens, plenty, "hostMemory", onHost.leastBytes());
    }

    private static void requireExact(
            Goldens goldens, Map<String, String> plenty, String option, long least) {
        ModelOptions enough = ModelOptions.parse(Budgets.with(plenty, option, least));
        StreamedModel.open(goldens.directory(), enough).close();
        ModelOptions less = ModelOptions.parse(Budgets.with(plenty, option, least - 1));
        BudgetExceededException e =
                expectThrows(
                        BudgetExceededException.class,
                        () -> StreamedModel.open(goldens.directory(), less));
        assertTrue(e.getMessage().contains(option + "=" + least), e.getMessage());
    }

    @Test(dataProvider = "backends")
    public void modelsOnOneDeviceShareWhatWasGiven(String backend) {
        TestDevices.require(backend);
        Goldens goldens = Goldens.reference("llama-tiny");
        Map<String, String> plenty = TestDevices.plenty(backend, 1, 32);
        ModelPlan alone = Budgets.plan(goldens.directory(), plenty);
        long context =
                alone.residency().deviceTerms().stream()
                        .filter(term -> term.name().equals("driver and context"))
                        .mapToLong(term -> term.bytes())
                        .sum();
        long two = 2 * (alone.deviceLeastBytes() - context) + context;
        ModelOptions tight =
                ModelOptions.parse(Budgets.with(plenty, "deviceMemory", alone.deviceLeastBytes()));
        try (StreamedModel first = StreamedModel.open(goldens.directory(), tight)) {
            assertEquals(first.deviceBudget().limitBytes(), alone.deviceLeastBytes() - context);
            BudgetExceededException e =
                    expectThrows(
                            BudgetExceededException.class,
                            () -> StreamedModel.open(goldens.directory(), tight));
            assertTrue(e.getMessage().contains("other models on " + backend + ":"), e.getMessage());
            ModelOptions both = ModelOptions.parse(Budgets.with(plenty, "deviceMemory", two));
            try (StreamedModel second = StreamedModel.open(goldens.directory(), both)) {
                assertEquals(second.deviceBudget().limitBytes(), first.deviceBudget().limitBytes());
            }
        }
    }
}
