/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Weights in fewer bits: encoders that read a tensor in its stored type and write it in another.
 *
 * <p>Uses {@code platform}, where the layouts of the types are, and nothing else: who reads and
 * writes files hands buffers in.
 */
package io.offloadstream.quant;
