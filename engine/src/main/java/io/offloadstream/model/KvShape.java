/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

/**
 * The shape of the keys (and values) of one token in one block.
 *
 * @param heads key/value heads
 * @param headDim values in a head
 */
public record KvShape(int heads, int headDim) {}
