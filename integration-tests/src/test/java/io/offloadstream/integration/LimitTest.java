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
import io.offloadstream.model.Session;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenBatch;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.stream.StreamOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.testng.annotations.Test;

/** What does not fit or is not allowed is refused with the number, before anything is read. */
public class LimitTest extends FaultFixture {

    private static final int BUDGET_STEPS = 24;

    @Test(dataProvider = "allModes")
    public void aBudgetBelowTheLeastIsRefusedWithTheNumber(String io) {
        Map<String, String> plenty = Budgets.plenty(1, LENGTH, io);
        long least = Budgets.plan(directory(), plenty).leastBytes();
        for (long bytes : new long[] {0, 1, least / 2, least - 1}) {
            WatchedStorage storage = new WatchedStorage();
            ModelOptions options = ModelOptions.parse(Budgets.with(plenty, "hostMemory", bytes));
            BudgetExceededException e =
                    expectThrows(
                            BudgetExceededException.class,
                            () -> StreamedModel.open(directory(), options, storage));
            assertTrue(e.getMessage().contains(Long.toString(least)), e.getMessage());
            assertEquals(storage.reads(), 0);
            Leaks.assertNone(directory());
        }
        ModelOptions options = ModelOptions.parse(Budgets.with(plenty, "hostMemory", least));
        watch(StreamedModel.open(directory(), options));
    }

    /**
     * Memory for logits and prompts is taken from what the plan gives to weights: some budget in
     * between leaves groups resident that are each too small for a slot of the ring.
     */
    @Test(dataProvider = "readModes", timeOut = 600_000)
    public void everyBudgetFromTheLeastOnWorks(String io) {
        int batch = 12;
        Map<String, String> plenty = Budgets.plenty(batch, LENGTH, io);
        ModelPlan plan = Budgets.plan(directory(), plenty);
        int[] ids = new int[batch * LENGTH];
        Arrays.setAll(ids, i -> i * 13 % plan.decoder().vocabSize());
        TokenBatch input = new TokenBatch(LENGTH, ids, null, null);
        long least = plan.leastBytes() + plan.logitsBytes(batch, LENGTH);
        long step = Budgets.streamedBytes(plan) / BUDGET_STEPS;
        float[] first = null;
        for (int i = 0; i <= 2 * BUDGET_STEPS; i++) {
            StreamedModel model =
                    open(
                            Budgets.with(plenty, "hostMemory", least + i * step),
                            new WatchedStorage());
            try (Session session = model.newSession(batch)) {
                float[] logits = Runs.all(model, session, input).logits();
                first = first == null ? logits : first;
                assertEquals(logits, first, "budget " + (least + i * step));
            }
            model.close();
        }
    }

    @Test(dataProvider = "readModes")
    public void aRequestThatIsTooLongReadsNothing(String io) {
        WatchedStorage storage = new WatchedStorage();
        StreamedModel model = open(io, storage);
        int[] tooLong = new int[LENGTH + 1];
        Arrays.fill(tooLong, 7);
        IllegalArgumentException e =
                expectThrows(IllegalArgumentException.class, () -> answer(model, tooLong));
        assertTrue(e.getMessage().contains("maxSequenceLength=" + LENGTH), e.getMessage());
        assertEquals(storage.reads(), 0);
        assertEquals(model.stats().read().bytes(), 0);
        assertEquals(answer(model), expected(PROMPT));
    }

    @Test(timeOut = 600_000)
    public void directIoThatIsRefusedIsAnErrorWhereItWasAskedFor() {
        WatchedStorage storage = new WatchedStorage(true);
        OffloadStreamException e =
                expectThrows(OffloadStreamException.class, () -> open("direct", storage));
        assertTrue(e.getMessage().contains("io=direct is refused"), e.getMessage());
        assertTrue(e.getMessage().contains("io=buffered"), e.getMessage());
        Leaks.assertNone(directory());
    }

    @Test(timeOut = 600_000)
    public void directIoThatIsRefusedBecomesBufferedWithOneWarning() {
        List<String> warnings = new ArrayList<>();
        ChildJvm.Ended child = ChildJvm.run(RefusedDirectIo.class, List.of(directory().toString()));
        assertEquals(child.exitCode(), 0, child.errors());
        child.errors().lines().filter(line -> line.contains(" WARN ")).forEach(warnings::add);
        assertEquals(warnings.size(), 1, child.errors());
        assertTrue(warnings.get(0).contains("direct io is refused"), warnings.get(0));
        assertEquals(child.output(), StreamOptions.Io.BUFFERED.name());
    }
}
