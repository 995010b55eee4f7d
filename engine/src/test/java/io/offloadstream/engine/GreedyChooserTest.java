/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.expectThrows;

import io.offloadstream.model.TokenChooser;
import io.offloadstream.platform.OffloadStreamException;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Set;
import org.testng.annotations.Test;

public class GreedyChooserTest {

    private static final int[] ONE = {1};

    private static int choose(Set<Integer> endTokens, float... logits) {
        return new GreedyChooser(endTokens).next(FloatBuffer.wrap(logits));
    }

    @Test
    public void takesTheFirstOfTheBest() {
        assertEquals(choose(Set.of(), -3, 2, 2, 1), 1);
        assertEquals(choose(Set.of(), -3, -4, -2), 2);
    }

    @Test
    public void endsWithAnyEndToken() {
        assertEquals(choose(Set.of(0, 3), 1, 0, 0, 2), TokenChooser.END);
        assertEquals(choose(Set.of(0, 3), 1, 5, 0, 2), 1);
    }

    @Test
    public void theBestAloneIsAsGoodAsAll() {
        GreedyChooser chooser = new GreedyChooser(Set.of(4));
        assertEquals(chooser.bestLogits(), 1);
        assertEquals(chooser.next(FloatBuffer.wrap(new float[] {2}), IntBuffer.wrap(ONE)), 1);
        int end = chooser.next(FloatBuffer.wrap(new float[] {2}), IntBuffer.wrap(new int[] {4}));
        assertEquals(end, TokenChooser.END);
    }

    @Test
    public void damageIsTheSameErrorByAllAndByTheBest() {
        float infinity = Float.POSITIVE_INFINITY;
        float[][] damaged = {{2, Float.NaN, 3}, {2, infinity, Float.NaN}, {-infinity, -infinity}};
        for (float[] logits : damaged) {
            float[] best = {logits.length == 2 ? -infinity : infinity};
            OffloadStreamException all =
                    expectThrows(OffloadStreamException.class, () -> choose(Set.of(), logits));
            OffloadStreamException one =
                    expectThrows(
                            OffloadStreamException.class,
                            () ->
                                    new GreedyChooser(Set.of())
                                            .next(FloatBuffer.wrap(best), IntBuffer.wrap(ONE)));
            assertEquals(one.getMessage(), all.getMessage());
        }
    }

    @Test
    public void readsFromThePositionOfTheBuffer() {
        FloatBuffer logits = FloatBuffer.wrap(new float[] {9, 1, 2}).position(1);
        assertEquals(new GreedyChooser(Set.of()).next(logits), 1);
    }
}
