/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;

import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

public class LlamaShapeTest {

    @DataProvider
    Object[][] sizes() {
        return new Object[][] {
            {8_000_000L}, {40_000_000L}, {600_000_000L}, {2_000_000_000L}, {140_000_000_000L}
        };
    }

    @Test(dataProvider = "sizes")
    public void aShapeHasTheSizeAskedFor(long sizeBytes) {
        LlamaShape shape = LlamaShape.ofSize(sizeBytes);
        double ratio = shape.sizeBytes() / (double) sizeBytes;
        assertTrue(Math.abs(ratio - 1) < 0.02, shape + " has " + shape.sizeBytes() + " bytes");
        assertEquals(shape.heads() * shape.headDim(), shape.hidden());
        assertEquals(shape.heads() % shape.kvHeads(), 0);
        assertTrue(shape.intermediate() > shape.hidden(), shape.toString());
    }

    @Test
    public void theBenchmarkHasTheShapeOfLlama1B() {
        // 1,235,814,400 parameters by the published checkpoint
        assertEquals(LlamaShape.LLAMA_1B.sizeBytes(), 2 * 1_235_814_400L);
    }

    @Test
    public void aSizeThatCannotBeMadeIsRefused() {
        assertThrows(IllegalArgumentException.class, () -> LlamaShape.ofSize(7_999_999));
    }
}
