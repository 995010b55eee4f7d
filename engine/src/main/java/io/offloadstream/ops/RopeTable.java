/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.ops;

/**
 * Rotations for the rows of one call.
 *
 * @param cos (rows, halfDim) float32
 * @param sin (rows, halfDim) float32
 * @param interleaved true if pairs are neighbours (GLM), false if half a head apart (Llama)
 */
public record RopeTable(Tensor cos, Tensor sin, boolean interleaved) {}
