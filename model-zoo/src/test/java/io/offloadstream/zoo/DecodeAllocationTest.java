/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.zoo;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import com.sun.management.ThreadMXBean;
import io.offloadstream.model.BestLogits;
import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.ModelPlan;
import io.offloadstream.model.PassOutput;
import io.offloadstream.model.Session;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenBatch;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.Storage;
import java.lang.management.ManagementFactory;
import java.util.HashMap;
import java.util.Map;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/**
 * What a decode step allocates on the JVM's heap. The weights sweep the caches once in every step,
 * so each line of new objects comes from memory.
 */
public class DecodeAllocationTest {

    private static final int WARM_UP_STEPS = 30;
    private static final int STEPS = 64;
    private static final long BEST_BYTES = 4096;

    @DataProvider
    public Object[][] places() {
        // a tenth more than with nothing compiled: some 2200 for a block, and 500 where it waits
        return new Object[][] {
            {"mmap", true, 12_000}, {"direct", true, 12_500}, {"direct", false, 16_500}
        };
    }

    @Test(timeOut = 600_000, dataProvider = "places")
    public void aStepAllocatesLittle(String io, boolean inMemory, long mostBytes) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long thread = Thread.currentThread().getId();
        Map<String, String> options = new HashMap<>();
        options.put("backend", "cpu");
        options.put("io", io);
        options.put("hostMemory", "64MB");
        options.put("maxSequenceLength", "200");
        try (TinyModel tiny = new TinyModel()) {
            if (!inMemory) {
                ModelPlan plan =
                        ModelPlan.of(
                                tiny.directory(), ModelOptions.parse(options), Storage.local());
                long least = plan.leastBytes() + BEST_BYTES;
                options.put("hostMemory", Long.toString(least));
            }
            try (StreamedModel model =
                            StreamedModel.open(tiny.directory(), ModelOptions.parse(options));
                    HostMemory memory = HostMemory.allocate(model.budget(), "best", BEST_BYTES);
                    Session session = model.newSession(1)) {
                assertEquals(
                        !model.plan().isMapped() && model.plan().streamedBytesPerPass() > 0,
                        !inMemory);
                PassOutput output =
                        PassOutput.best(new int[] {0}, new BestLogits(model, memory, 1, 1));
                long before = 0;
                for (int step = 0; step < WARM_UP_STEPS + STEPS; step++) {
                    if (step == WARM_UP_STEPS) {
                        before = threads.getThreadAllocatedBytes(thread);
                    }
                    int[] id = {step % TinyModel.VOCAB};
                    session.forward(new TokenBatch(1, id, null, null), output);
                }
                long bytes = (threads.getThreadAllocatedBytes(thread) - before) / STEPS;
                String text = bytes + " bytes in a step, io=" + io + ", in memory: " + inMemory;
                assertTrue(bytes <= mostBytes, text);
            }
        }
    }
}
