/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

public class RequestCheckTest {

    private static final PassOutput NO_OUTPUT = new PassOutput(null, null, null);

    private final RequestCheck check = new RequestCheck(100, 16, 8, 10);

    @Test
    public void acceptsWhatTheModelCanRun() {
        check.check(batch(3, 6, null, null), NO_OUTPUT, 2, 7);
        check.check(batch(2, 2, new byte[] {0, 1, 1}, new int[] {0, 1}), NO_OUTPUT, 1, 1);
        check.checkPositions(new int[] {0, 7});
        new RequestCheck(100, 16, 0, 10).checkPositions(new int[] {1_000_000});
    }

    @DataProvider
    Object[][] malformed() {
        return new Object[][] {
            {new TokenBatch(0, new int[0], null, null), NO_OUTPUT, "at least one token"},
            {batch(3, 4, null, null), NO_OUTPUT, "batch 1 x tokens 3"},
            {batch(11, 11, null, null), NO_OUTPUT, "maxSequenceLength=10"},
            {new TokenBatch(1, new int[] {100}, null, null), NO_OUTPUT, "vocabulary of 100"},
            {new TokenBatch(1, new int[] {-1}, null, null), NO_OUTPUT, "token id -1"},
            {batch(2, 2, new byte[3], null), NO_OUTPUT, "mask has 3 elements"},
            {batch(2, 2, new byte[] {1, 2}, null), NO_OUTPUT, "should be 0 or 1"},
            {batch(2, 2, null, new int[1]), NO_OUTPUT, "positions has 1 elements"},
            {batch(2, 2, null, null), new PassOutput(new int[] {2}, null, null), "within 2 rows"},
            {batch(2, 2, null, null), new PassOutput(new int[] {1, 1}, null, null), "ascend"},
            {batch(2, 2, null, null), new PassOutput(null, tensor(1, 100), null), "F32[2, 100]"},
            {
                batch(2, 2, null, null),
                new PassOutput(new int[] {1}, tensor(2, 100), null),
                "F32[1,"
            },
            {batch(2, 2, null, null), new PassOutput(null, null, tensor(2, 15)), "hidden is"},
        };
    }

    @Test(dataProvider = "malformed")
    public void refusesBeforeAnythingRuns(TokenBatch input, PassOutput output, String hint) {
        IllegalArgumentException e =
                expectThrows(
                        IllegalArgumentException.class, () -> check.check(input, output, 1, 0));
        assertTrue(e.getMessage().contains(hint), e.getMessage());
    }

    @Test
    public void refusesPositionsThatWereNotLearned() {
        IllegalArgumentException e =
                expectThrows(
                        IllegalArgumentException.class,
                        () -> check.checkPositions(new int[] {0, 8}));
        assertTrue(e.getMessage().contains("8 positions"), e.getMessage());
        expectThrows(
                IllegalArgumentException.class,
                () -> new RequestCheck(100, 16, 0, 10).checkPositions(new int[] {-1}));
    }

    private static Tensor tensor(long rows, long columns) {
        return new Tensor(DType.F32, 0, rows, columns);
    }

    private static TokenBatch batch(int tokens, int ids, byte[] mask, int[] positions) {
        return new TokenBatch(tokens, new int[ids], mask, positions);
    }
}
