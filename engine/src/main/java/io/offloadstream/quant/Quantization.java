/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.quant;

import io.offloadstream.platform.DType;
import java.util.Optional;

/** Blocks that matrices may be quantised to. */
public enum Quantization {
    /** Matrices keep their type. */
    NONE(null),
    /** Q8_0: 32 weights of 8 bits and a scale. */
    INT8(DType.Q8_0),
    /** Q4_0: 32 weights of 4 bits and a scale. */
    INT4(DType.Q4_0);

    private final DType type;

    Quantization(DType type) {
        this.type = type;
    }

    /**
     * Returns the type of the blocks.
     *
     * @return empty for none
     */
    public Optional<DType> type() {
        return Optional.ofNullable(type);
    }
}
