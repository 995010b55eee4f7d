/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.quant;

/** Whether BF16 matrices are packed. */
public enum Packing {
    /** They stay as they are. */
    NONE,
    /** To 12 bits a weight, without loss, where that makes them smaller. */
    LOSSLESS
}
