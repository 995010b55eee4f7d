/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;

import io.offloadstream.device.Backend;
import io.offloadstream.device.Budgets;
import io.offloadstream.device.cpu.CpuBackend;
import io.offloadstream.platform.MemoryBudget;
import org.testng.annotations.Test;

public class PassBuffersTest {

    private static final int HALF_DIM = 1 << 20;
    private static final int ROWS = 257;
    private static final int WIDTH = 12;

    /** Nothing but its width matters. */
    private record WideRope(int halfDim) implements Rope {

        @Override
        public boolean interleaved() {
            return false;
        }

        @Override
        public float[] inverseFrequencies(int sequenceLength) {
            return new float[halfDim];
        }

        @Override
        public float attentionFactor() {
            return 1;
        }
    }

    @Test
    public void rotationsThatNoViewHoldsAreRefusedBeforeAnythingIsAllocated() {
        Rope rope = new WideRope(HALF_DIM);
        assertTrue(PassBuffers.tableBytes(ROWS, rope) > Integer.MAX_VALUE);
        try (Backend cpu = new CpuBackend(1);
                MemoryBudget budget = MemoryBudget.unlimited("host")) {
            Budgets budgets = new Budgets(budget, budget);
            assertThrows(
                    ArithmeticException.class,
                    () -> new PassBuffers(cpu, budgets, ROWS, WIDTH, rope));
            assertEquals(budget.peakBytes(), 0);
        }
    }
}
