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
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.platform.BudgetExceededException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/**
 * The same numbers whatever stays in memory: every reference decoder with all of it resident, with
 * half streamed, and with the least budget that works.
 */
public class ResidencyTest {

    private static final int NEW_TOKENS = 24;

    @DataProvider
    Object[][] cases() {
        List<Object[]> cases = new ArrayList<>();
        for (String model : TestModels.REFERENCES) {
            for (String io : new String[] {"direct", "buffered"}) {
                cases.add(new Object[] {model, io});
            }
        }
        return cases.toArray(Object[][]::new);
    }

    @Test(dataProvider = "cases")
    public void resultsAreTheSameBitsUnderEveryBudget(String name, String io) {
        Goldens goldens = Goldens.reference(name);
        for (Goldens.Case c : goldens.cases()) {
            Map<String, String> options = Budgets.plenty(c.batch(), c.tokens(), io);
            long least = leastBytes(goldens, options, c);
            Runs.Result resident = run(goldens, c, options, Budgets.PLENTY_BYTES);
            Closeness.assertClose(
                    resident.logits(), goldens.tensor(c.key("logits")), c.mask(), c.name());
            if (c.has("hidden_states") && !c.keys("hidden_states").isEmpty()) {
                List<String> keys = c.keys("hidden_states");
                float[] last = goldens.tensor(keys.get(keys.size() - 1));
                Closeness.assertClose(resident.hidden(), last, c.mask(), c.name() + " hidden");
            }
            long half = least + streamedBytes(goldens) / 2;
            assertEquals(run(goldens, c, options, half).logits(), resident.logits(), "half");
            assertEquals(run(goldens, c, options, least).logits(), resident.logits(), "least");
            assertRefused(goldens, c, options, least - 1);
        }
    }

    @Test(dataProvider = "cases")
    public void greedyTokensAreTheReferencesUnderEveryBudget(String name, String io) {
        Goldens goldens = Goldens.reference(name);
        for (Goldens.Case c : goldens.cases()) {
            if (!c.has("greedy_new_tokens")) {
                continue;
            }
            Map<String, String> options = Budgets.plenty(1, c.tokens() + NEW_TOKENS, io);
            // cost-aware may try a slot more, for which a resident group is read again
            options.put("scheduler", "lookahead");
            long least = leastBytes(goldens, options, null) + goldensLogits(goldens, options);
            for (long bytes :
                    new long[] {Budgets.PLENTY_BYTES, least + streamedBytes(goldens) / 2, least}) {
                options.put("hostMemory", Long.toString(bytes));
                try (StreamedModel model =
                        StreamedModel.open(goldens.directory(), ModelOptions.parse(options))) {
                    assertEquals(
                            Runs.greedy(model, c.inputIds(), NEW_TOKENS),
                            c.greedyNewTokens(),
                            name + " " + c.name() + " at " + bytes);
                    PassReads.assertOnlyPlannedGroupsWereRead(model);
                }
            }
        }
    }

    /** The least budget, with room for all logits of a case, or for none. */
    private static long leastBytes(
            Goldens goldens, Map<String, String> options, Goldens.Case caseOrNull) {
        ModelPlan plan = plan(goldens, options);
        long logits =
                caseOrNull == null ? 0 : plan.logitsBytes(caseOrNull.batch(), caseOrNull.tokens());
        return plan.leastBytes() + logits;
    }

    private static long goldensLogits(Goldens goldens, Map<String, String> options) {
        return plan(goldens, options).logitsBytes(1, 1);
    }

    private static ModelPlan plan(Goldens goldens, Map<String, String> options) {
        return Budgets.plan(goldens.directory(), options);
    }

    private static long streamedBytes(Goldens goldens) {
        return Budgets.streamedBytes(plan(goldens, Budgets.plenty(1, 1, "direct")));
    }

    private static Runs.Result run(
            Goldens goldens, Goldens.Case c, Map<String, String> options, long bytes) {
        options.put("hostMemory", Long.toString(bytes));
        try (StreamedModel model =
                StreamedModel.open(goldens.directory(), ModelOptions.parse(options))) {
            Runs.Result first = Runs.all(model, c);
            Runs.Result second = Runs.all(model, c);
            assertEquals(second.logits(), first.logits(), "a second run");
            PassReads.assertPlannedGroupsWereRead(model);
            assertTrue(model.budget().peakBytes() <= bytes, "peak within the budget");
            return first;
        }
    }

    private static void assertRefused(
            Goldens goldens, Goldens.Case c, Map<String, String> options, long bytes) {
        options.put("hostMemory", Long.toString(bytes));
        if (plan(goldens, options).residency().slotCount() == 0) {
            // so small a model that what the logits need keeps all of it: it can go on with one
            // slot
            return;
        }
        expectThrows(
                BudgetExceededException.class,
                () -> {
                    try (StreamedModel model =
                            StreamedModel.open(goldens.directory(), ModelOptions.parse(options))) {
                        Runs.all(model, c);
                    }
                });
    }

    @Test
    public void aBudgetBelowTheLeastIsRefusedWithTheNumber() {
        Goldens goldens = Goldens.reference("llama-tiny");
        Map<String, String> options = Budgets.plenty(1, 32, "direct");
        long least = plan(goldens, options).leastBytes();
        options.put("hostMemory", Long.toString(least - 1));
        BudgetExceededException e =
                expectThrows(
                        BudgetExceededException.class,
                        () -> StreamedModel.open(goldens.directory(), ModelOptions.parse(options)));
        assertTrue(e.getMessage().contains(Long.toString(least)), e.getMessage());
        options.put("hostMemory", Long.toString(least));
        ResidencyPlan plan = plan(goldens, options).residency();
        assertEquals(plan.leastBytes(), least);
    }
}
