/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertSame;

import org.testng.annotations.Test;

public class TokenPositionsTest {

    @Test
    public void countUnmaskedTokens() {
        byte[] mask = {
            0, 0, 1, 1, 1, // left
            1, 1, 1, 0, 0, // right
            1, 0, 1, 0, 1, // interior
        };
        TokenBatch all = new TokenBatch(5, new int[15], mask, null);
        assertEquals(
                TokenPositions.of(all, 3, 0),
                new int[] {0, 0, 0, 1, 2, 0, 1, 2, 2, 2, 0, 0, 1, 1, 2});
    }

    @Test
    public void goOnBehindWhatIsCached() {
        byte[] mask = {0, 1, 1, 1, 1, 1, 1, 1, 1, 1};
        TokenBatch two = new TokenBatch(2, new int[4], mask, null);
        assertEquals(TokenPositions.of(two, 2, 3), new int[] {2, 3, 3, 4});
        TokenBatch unmasked = new TokenBatch(2, new int[2], null, null);
        assertEquals(TokenPositions.of(unmasked, 1, 7), new int[] {7, 8});
    }

    @Test
    public void areTakenAsGiven() {
        int[] positions = {9, 4};
        assertSame(
                TokenPositions.of(new TokenBatch(2, new int[2], null, positions), 1, 0), positions);
        assertEquals(TokenPositions.sequenceLength(positions), 10);
    }
}
