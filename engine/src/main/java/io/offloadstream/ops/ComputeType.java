/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.ops;

/** What matrix products take their activations in. Sums are float32 always. */
public enum ComputeType {
    /** As they are: the reference. */
    FLOAT32,
    /** Rounded to bfloat16, for matrix units. */
    BFLOAT16,
    /** Rounded to float16, for matrix units. */
    FLOAT16
}
