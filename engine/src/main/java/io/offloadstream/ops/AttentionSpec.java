/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.ops;

/**
 * What attention does beside its inputs.
 *
 * @param heads query heads
 * @param scale multiplies the scores: usually {@code 1 / sqrt(headDim)}
 * @param window how many slots back a row sees, itself included; 0 for all
 */
public record AttentionSpec(int heads, float scale, int window) {}
