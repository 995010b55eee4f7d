/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import java.util.Arrays;
import java.util.Random;

/** Attention masks of one row each, and rows without what they mask. */
final class Masks {

    private Masks() {}

    static byte[] ones(int tokens) {
        byte[] mask = new byte[tokens];
        Arrays.fill(mask, (byte) 1);
        return mask;
    }

    static byte[] left(int tokens, int zeros) {
        byte[] mask = ones(tokens);
        Arrays.fill(mask, 0, zeros, (byte) 0);
        return mask;
    }

    static byte[] right(int tokens, int zeros) {
        byte[] mask = ones(tokens);
        Arrays.fill(mask, tokens - zeros, tokens, (byte) 0);
        return mask;
    }

    static byte[] interior(int tokens, int begin, int end) {
        byte[] mask = ones(tokens);
        Arrays.fill(mask, begin, end, (byte) 0);
        return mask;
    }

    static byte[] random(int tokens, Random random) {
        byte[] mask = new byte[tokens];
        for (int i = 0; i < tokens; i++) {
            mask[i] = (byte) (random.nextInt(3) == 0 ? 0 : 1);
        }
        return mask;
    }

    /** Rows one after the other. */
    static byte[] concat(byte[][] rows) {
        byte[] all = new byte[rows.length * rows[0].length];
        for (int row = 0; row < rows.length; row++) {
            System.arraycopy(rows[row], 0, all, row * rows[row].length, rows[row].length);
        }
        return all;
    }

    static int count(byte[] mask) {
        int count = 0;
        for (byte value : mask) {
            count += value;
        }
        return count;
    }

    /** The ids that a mask leaves. */
    static int[] keep(int[] ids, byte[] mask) {
        int[] kept = new int[count(mask)];
        int next = 0;
        for (int i = 0; i < ids.length; i++) {
            if (mask[i] == 1) {
                kept[next++] = ids[i];
            }
        }
        return kept;
    }

    /** The rows of (mask.length, width) that a mask leaves. */
    static float[] keep(float[] rows, byte[] mask) {
        int width = rows.length / mask.length;
        float[] kept = new float[count(mask) * width];
        int next = 0;
        for (int row = 0; row < mask.length; row++) {
            if (mask[row] == 1) {
                System.arraycopy(rows, row * width, kept, width * next++, width);
            }
        }
        return kept;
    }
}
