/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

/**
 * Rows of activations in int8, which {@link Kernels#quantizeRows} makes and {@link
 * Kernels#linearInt8} takes.
 *
 * <p>Each block of 32 has one float32 scale, its largest magnitude / 127; elements are {@code
 * round(x / scale)}, ties to even. A block whose largest magnitude is below 2^-110 becomes zeros;
 * one that has a NaN or an infinity gets NaN for its scale, and so does every sum that it is in.
 * How a row lies in memory is a matter of the instruction set, its size is not.
 */
public final class Int8Rows {

    /** A row is filled up to a multiple of so many elements: 16 blocks. */
    private static final int FILLED = 512;

    /** Bytes of so many elements: they, a scale for each block and the sum of each block. */
    private static final int FILLED_BYTES = 640;

    private Int8Rows() {}

    /**
     * Returns what a row takes.
     *
     * @param in elements, a multiple of 32
     * @return bytes
     */
    public static long sizeBytes(int in) {
        return (in + FILLED - 1L) / FILLED * FILLED_BYTES;
    }
}
