/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

/** Where tokens are in their sequences, from the attention mask. */
final class TokenPositions {

    private TokenPositions() {}

    /**
     * Positions of the new tokens: {@code max(0, cumsum(mask) - 1)}, as transformers' generate
     * counts them, or as given.
     *
     * @param length slots before the new tokens
     * @return (batch, T)
     */
    static int[] of(TokenBatch input, int batch, int length) {
        if (input.positions() != null) {
            return input.positions();
        }
        int tokens = input.tokens();
        int slots = length + tokens;
        int[] positions = new int[batch * tokens];
        for (int sequence = 0; sequence < batch; sequence++) {
            int seen = 0;
            for (int slot = 0; slot < slots; slot++) {
                seen += input.mask() == null ? 1 : input.mask()[sequence * slots + slot];
                if (slot >= length) {
                    positions[sequence * tokens + slot - length] = Math.max(0, seen - 1);
                }
            }
        }
        return positions;
    }

    /** The length that rotations may depend on: one more than the last position. */
    static int sequenceLength(int[] positions) {
        int last = 0;
        for (int position : positions) {
            last = Math.max(last, position);
        }
        return last + 1;
    }
}
