/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

/**
 * Products of activations that are rounded first, once for all products within one operator. How
 * rounded activations lie in memory is a matter of the instruction set: what rounds them multiplies
 * them.
 */
public interface RoundedKernels {

    /**
     * Rounds activations to int8 for {@link #linearInt8}. {@link Int8Rows} says how.
     *
     * @param x (rows, in) float32
     * @param rows number of rows
     * @param in inner dimension, a multiple of 32
     * @param y rows of {@link Int8Rows#sizeBytes}, aligned to 4 bytes
     */
    void quantizeRows(long x, int rows, int in, long y);

    /**
     * Multiplies int8 activations by a weight in blocks stored (out, in): {@code y[r][o] = bias[o]
     * + sum_b dot(b) (weight scale of b * activation scale of b)} for {@code outBegin <= o <
     * outEnd}, where the dot of a block is exact.
     *
     * @param x rows of {@link #quantizeRows} by these kernels
     * @param rows number of rows
     * @param in inner dimension, a multiple of 32
     * @param weight (out, in)
     * @param weightType Q8_0 or Q4_0
     * @param bias (out), or 0
     * @param biasType its type
     * @param y row r starts at {@code y + 4 r yStride}; element o of it is written
     * @param yStride distance of rows of y, in elements
     * @param outBegin first output
     * @param outEnd one past the last output
     */
    void linearInt8(
            long x,
            int rows,
            int in,
            long weight,
            int weightType,
            long bias,
            int biasType,
            long y,
            long yStride,
            int outBegin,
            int outEnd);

    /**
     * Returns what an activation takes that {@link #round} makes.
     *
     * @return 2 bytes where the instruction set multiplies pairs of bfloat16, else 4
     */
    int roundedBytes();

    /**
     * Rounds activations to bfloat16, to nearest even; NaN stays NaN.
     *
     * @param x (count) float32
     * @param count number of elements
     * @param y (count) of {@link #roundedBytes} each: bfloat16, or the same values as float32
     */
    void round(long x, long count, long y);

    /**
     * Multiplies rounded activations by a weight of bfloat16 stored (out, in): as {@link
     * Kernels#linear} or {@link Kernels#linearPacked}, with the same bits whether the weight is
     * packed or not. Where pairs are multiplied, subnormal activations, weights and partial sums
     * count as 0.
     *
     * @param x (rows, in) from {@link #round} by these kernels
     * @param rows number of rows
     * @param in inner dimension, a multiple of 32 if the weight is packed
     * @param weight (out, in) BF16, or {@link DType#BF16_PACKED} if it has escapes
     * @param escapes of the tensor that a packed weight is a part of, else 0
     * @param firstRow which row of that tensor output 0 is
     * @param bias (out), or 0
     * @param biasType its type
     * @param y row r starts at {@code y + 4 r yStride}; element o of it is written
     * @param yStride distance of rows of y, in elements
     * @param outBegin first output
     * @param outEnd one past the last output
     */
    void linearRounded(
            long x,
            int rows,
            int in,
            long weight,
            long escapes,
            int firstRow,
            long bias,
            int biasType,
            long y,
            long yStride,
            int outBegin,
            int outEnd);
}
