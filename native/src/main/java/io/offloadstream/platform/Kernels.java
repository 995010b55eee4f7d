/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

/**
 * The compute kernels of the CPU. Each call covers a whole matrix, or the range of it that one
 * thread takes; none allocates.
 *
 * <p>All activations are float32, row-major and dense unless a stride is given. Weights are F32,
 * F16 or BF16 at any alignment ({@link DType#code()}); {@link #linear} takes blocks too. An address
 * of 0 means absent. Accumulation is float32 in an order over the inner dimension that depends on
 * nothing but the instruction set: not on the number of rows, nor on the range a call covers, so
 * results are the same bits however work is split.
 */
public interface Kernels extends RoundedKernels {

    /**
     * Returns what runs, for logs and statistics.
     *
     * @return for example {@code native avx512} or {@code java}
     */
    String name();

    /**
     * Multiplies by a weight stored (out, in): {@code y[r][o] = bias[o] + sum_i x[r][i] w[o][i]}
     * for {@code outBegin <= o < outEnd}.
     *
     * @param x (rows, in) float32
     * @param rows number of rows
     * @param in inner dimension
     * @param weight (out, in)
     * @param weightType its {@link DType#code()}: F32, F16, BF16, or Q8_0 or Q4_0 if rows are whole
     *     blocks
     * @param bias (out), or 0
     * @param biasType its type
     * @param y row r starts at {@code y + 4 r yStride}; element o of it is written
     * @param yStride distance of rows of y, in elements
     * @param outBegin first output
     * @param outEnd one past the last output
     */
    void linear(
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
     * Multiplies by a float8 weight that has a scale for each 128 by 128 elements: {@code y[r][o] =
     * bias[o] + sum_i x[r][i] (w[o][i] scales[o / 128][i / 128])} for {@code outBegin <= o <
     * outEnd}.
     *
     * @param x (rows, in) float32
     * @param rows number of rows
     * @param in inner dimension
     * @param weight (out, in) F8_E4M3
     * @param scales (ceil(out / 128), ceil(in / 128)) float32
     * @param bias (out), or 0
     * @param biasType its type
     * @param y row r starts at {@code y + 4 r yStride}; element o of it is written
     * @param yStride distance of rows of y, in elements
     * @param outBegin first output
     * @param outEnd one past the last output
     */
    void linearScaled(
            long x,
            int rows,
            int in,
            long weight,
            long scales,
            long bias,
            int biasType,
            long y,
            long yStride,
            int outBegin,
            int outEnd);

    /**
     * Multiplies by a losslessly packed weight stored (out, in): bit for bit what {@link #linear}
     * makes of the same weight as BF16.
     *
     * @param x (rows, in) float32
     * @param rows number of rows
     * @param in inner dimension, a multiple of 32
     * @param weight (out, in) {@link DType#BF16_PACKED}
     * @param escapes of the tensor that the weight is a part of
     * @param firstRow which row of that tensor output 0 is
     * @param bias (out), or 0
     * @param biasType its type
     * @param y row r starts at {@code y + 4 r yStride}; element o of it is written
     * @param yStride distance of rows of y, in elements
     * @param outBegin first output
     * @param outEnd one past the last output
     */
    void linearPacked(
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

    /**
     * Multiplies by a weight stored (in, out), as GPT-2's Conv1D has it: {@code y[r][o] = bias[o] +
     * sum_i x[r][i] w[i][o]} for {@code outBegin <= o < outEnd}.
     *
     * @param x (rows, in) float32
     * @param rows number of rows
     * @param in inner dimension
     * @param out number of columns of the weight
     * @param weight (in, out)
     * @param weightType its {@link DType#code()}
     * @param bias (out), or 0
     * @param biasType its type
     * @param y (rows, out) float32
     * @param outBegin first output
     * @param outEnd one past the last output
     */
    void linearTransposed(
            long x,
            int rows,
            int in,
            int out,
            long weight,
            int weightType,
            long bias,
            int biasType,
            long y,
            int outBegin,
            int outEnd);

    /**
     * Root-mean-square norm: {@code y = x / sqrt(mean(x^2) + eps) * weight}.
     *
     * @param x (rows, width) float32
     * @param rows number of rows
     * @param width row length
     * @param weight (width)
     * @param weightType its type
     * @param eps added to the mean
     * @param y (rows, width) float32, may be x
     */
    void rmsNorm(long x, int rows, int width, long weight, int weightType, float eps, long y);

    /**
     * Layer norm: {@code y = (x - mean) / sqrt(variance + eps) * weight + bias}.
     *
     * @param x (rows, width) float32
     * @param rows number of rows
     * @param width row length
     * @param weight (width)
     * @param bias (width), or 0
     * @param type type of both
     * @param eps added to the (biased) variance
     * @param y (rows, width) float32, may be x
     */
    void layerNorm(
            long x, int rows, int width, long weight, long bias, int type, float eps, long y);

    /**
     * Rotates the first {@code 2 * halfDim} values of each head in place.
     *
     * <p>Half-split (Llama): pairs are (i, i + halfDim). Interleaved (GLM): pairs are (2i, 2i + 1).
     * {@code (a, b) -> (a cos - b sin, b cos + a sin)}.
     *
     * @param x (rows, heads, headDim) float32
     * @param rows number of rows
     * @param heads heads in a row
     * @param headDim values in a head
     * @param halfDim number of pairs
     * @param cos (rows, halfDim) float32
     * @param sin (rows, halfDim) float32
     * @param interleaved 1 for neighbouring pairs, 0 for half-split
     */
    void rope(
            long x,
            int rows,
            int heads,
            int headDim,
            int halfDim,
            long cos,
            long sin,
            int interleaved);

    /**
     * Writes keys or values into the cache, converting to its type (round to nearest even).
     *
     * @param x (rows, kvHeads, headDim) float32
     * @param rows number of rows
     * @param kvHeads heads in a row
     * @param headDim values in a head
     * @param targets (rows) int64, where head 0 of each row goes in layer 0; 0 skips the row
     * @param offsetBytes added to each target: the layer, and keys or values
     * @param headStrideBytes distance of heads in the cache
     * @param kvType cache type: F32, F16 or BF16
     */
    void storeKv(
            long x,
            int rows,
            int kvHeads,
            int headDim,
            long targets,
            long offsetBytes,
            long headStrideBytes,
            int kvType);

    /**
     * Grouped-query attention over a paged cache, causal by slot, with an online softmax over pages
     * in order.
     *
     * <p>Item {@code n} is row {@code n / heads}, query head {@code n % heads}. Row r sees slots
     * {@code s <= rowSlot[r]}, with {@code s > rowSlot[r] - window} if window is more than 0, whose
     * mask byte is not 0. A row that sees nothing gives zeros. A page holds, per layer, keys
     * (kvHeads, pageTokens, headDim) and, valueOffsetBytes behind them, values likewise.
     *
     * @param q (rows, heads, headDim) float32
     * @param heads query heads
     * @param kvHeads key/value heads, a divisor of heads
     * @param headDim values in a head
     * @param scale multiplies the scores
     * @param rowSequence (rows) int32, which sequence a row belongs to
     * @param rowSlot (rows) int32, which slot of its sequence a row has
     * @param pages (sequences, maxPages) int64, where each page starts
     * @param maxPages row length of pages
     * @param layerOffsetBytes where this layer's keys start within a page
     * @param valueOffsetBytes from keys to values
     * @param pageTokens slots in a page
     * @param kvType cache type
     * @param mask (sequences, maskStride) bytes, or 0 when every slot counts
     * @param maskStride row length of mask, in bytes
     * @param window slots seen, 0 for all
     * @param y (rows, heads, headDim) float32
     * @param itemBegin first item
     * @param itemEnd one past the last item
     */
    void attention(
            long q,
            int heads,
            int kvHeads,
            int headDim,
            float scale,
            long rowSequence,
            long rowSlot,
            long pages,
            int maxPages,
            long layerOffsetBytes,
            long valueOffsetBytes,
            int pageTokens,
            int kvType,
            long mask,
            long maskStride,
            int window,
            long y,
            long itemBegin,
            long itemEnd);

    /**
     * Applies an activation element by element.
     *
     * @param activation its {@link Activation#code()}
     * @param x (count) float32
     * @param count number of elements
     * @param y (count) float32, may be x
     */
    void activate(int activation, long x, long count, long y);

    /**
     * Gates: {@code y = activation(gate) * up}.
     *
     * @param activation its {@link Activation#code()}
     * @param gate (count) float32
     * @param up (count) float32
     * @param count number of elements
     * @param y (count) float32, may be gate or up
     */
    void activateMultiply(int activation, long gate, long up, long count, long y);

    /**
     * Adds in place: {@code target += x}.
     *
     * @param target (count) float32
     * @param x (count) float32
     * @param count number of elements
     */
    void add(long target, long x, long count);

    /**
     * Finds the largest values of a row.
     *
     * @param x (count) float32
     * @param count number of elements
     * @param begin added to the places
     * @param wanted how many, at least 1
     * @param values (wanted) float32, the largest first; infinity for what is no number, -infinity
     *     beyond the row
     * @param places (wanted) int32, where they are, the first of equal ones; -1 beyond the row
     */
    void top(long x, int count, int begin, int wanted, long values, long places);

    /**
     * Converts scattered rows of a table to float32.
     *
     * @param addresses (rows) int64, where each row starts
     * @param rows number of rows
     * @param width row length
     * @param type type of the rows: F32, F16, BF16, or Q8_0 or Q4_0 if they are whole blocks
     * @param y (rows, width) float32
     */
    void gather(long addresses, int rows, int width, int type, long y);

    /**
     * Converts scattered rows of a losslessly packed table to float32.
     *
     * @param addresses (rows) int64, where each row starts
     * @param numbers (rows) int64, which row of the table each is
     * @param escapes of the table
     * @param rows number of rows
     * @param width row length, a multiple of 32
     * @param y (rows, width) float32
     */
    void gatherPacked(long addresses, long numbers, long escapes, int rows, int width, long y);

    /**
     * Adds up float32 values, doing nothing but reading: the limit of work that memory bounds.
     *
     * @param from first value
     * @param bytes how many; the last few hundred may be left out
     * @return the sum, in an order of its own
     */
    float probeRead(long from, long bytes);

    /**
     * Multiplies and adds in registers: the limit of work that arithmetic bounds.
     *
     * @param rounds how often; a round is some hundred operations
     * @param result where a float32 goes that depends on all of them
     * @return how many floating-point operations were done, two for each multiply-add
     */
    long probeFma(long rounds, long result);
}
