/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.ops.Tensor;

/**
 * Where a pass writes its results. The memory is the caller's.
 *
 * @param logitRows which rows of (batch * T) get logits, ascending; null for all
 * @param logits (logitRows.length or batch * T, vocab) float32, or null for none: then the head is
 *     not read at all
 * @param hidden (batch * T, hidden) float32, the hidden state after the final norm; or null
 */
public record PassOutput(int[] logitRows, Tensor logits, Tensor hidden) {}
