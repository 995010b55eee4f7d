/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import static org.testng.Assert.assertEquals;

import io.offloadstream.model.TokenChooser;
import java.nio.FloatBuffer;
import java.util.Set;
import org.testng.annotations.Test;

public class GreedyChooserTest {

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
    public void readsFromThePositionOfTheBuffer() {
        FloatBuffer logits = FloatBuffer.wrap(new float[] {9, 1, 2}).position(1);
        assertEquals(new GreedyChooser(Set.of()).next(logits), 1);
    }
}
