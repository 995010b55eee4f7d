/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.quant;

import io.offloadstream.platform.DType;

/** Turns rows of one type into rows of another, each by itself. Thread-safe. */
interface RowConversion {

    /** The type of what is made. */
    DType target();

    /**
     * Converts consecutive elements of a row, whole blocks of the target.
     *
     * @param source rows of a type that is computable, little-endian
     * @param type that type
     * @param sourceOffset where the elements start
     * @param count how many
     * @param target takes them
     * @param targetOffset where they go
     * @throws ArithmeticException if a value cannot be written so; the message has it
     */
    void convert(
            byte[] source,
            DType type,
            int sourceOffset,
            int count,
            byte[] target,
            int targetOffset);
}
