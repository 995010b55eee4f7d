/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

/**
 * Tokens to run, for all sequences of a session.
 *
 * @param tokens how many per sequence (T)
 * @param ids (batch, T), row-major
 * @param mask (batch, length + T) of 0 and 1, row-major, for the slots so far and the new ones;
 *     null if all count. Any pattern works: left, right, interior
 * @param positions (batch, T), or null for {@code max(0, cumsum(mask) - 1)}
 */
public record TokenBatch(int tokens, int[] ids, byte[] mask, int[] positions) {}
