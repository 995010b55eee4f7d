/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.ops;

import io.offloadstream.platform.Activation;
import io.offloadstream.platform.DType;

/**
 * The operators that architectures are written in. Results are float32 and live in the workspace of
 * the backend until the block ends; nothing else is allocated. Activations are (rows, columns).
 *
 * <p>A row of a result depends on that row alone (and its cache), never on how many rows there are.
 * Not thread-safe: one pass, one instance.
 */
public interface Ops {

    /**
     * Root-mean-square norm of each row.
     *
     * @param x (rows, width)
     * @param weight (width)
     * @param eps added to the mean of squares
     * @return (rows, width)
     */
    Tensor rmsNorm(Tensor x, Tensor weight, float eps);

    /**
     * Layer norm of each row.
     *
     * @param x (rows, width)
     * @param weight (width)
     * @param bias (width), or null
     * @param eps added to the variance
     * @return (rows, width)
     */
    Tensor layerNorm(Tensor x, Tensor weight, Tensor bias, float eps);

    /**
     * Multiplies by a weight stored (out, in).
     *
     * @param x (rows, in)
     * @param weight (out, in)
     * @param bias (out), or null
     * @return (rows, out)
     */
    Tensor linear(Tensor x, Tensor weight, Tensor bias);

    /**
     * Multiplies by several weights stored (out, in) at once: query, key and value.
     *
     * @param x (rows, in)
     * @param weights (out, in) each, at least one
     * @param biases (out) each, or null in its place
     * @return (rows, out) of each
     * @throws IllegalArgumentException if there is no weight
     */
    Tensor[] linears(Tensor x, Tensor[] weights, Tensor[] biases);

    /**
     * Multiplies by a weight stored (out, in) and adds the product, bias included, to what is
     * there: a projection back to the residual.
     *
     * @param target (rows, out), becomes target + product
     * @param x (rows, in)
     * @param weight (out, in)
     * @param bias (out), or null
     */
    void linearAdd(Tensor target, Tensor x, Tensor weight, Tensor bias);

    /**
     * Projects twice and gates: activation(x gate^T + gateBias) * (x up^T + upBias).
     *
     * @param activation which
     * @param x (rows, in)
     * @param gate (out, in)
     * @param gateBias (out), or null
     * @param up (out, in)
     * @param upBias (out), or null
     * @return (rows, out)
     */
    Tensor gatedLinear(
            Activation activation,
            Tensor x,
            Tensor gate,
            Tensor gateBias,
            Tensor up,
            Tensor upBias);

    /**
     * Multiplies by a float8 weight stored (out, in) with a scale for each block of 128 by 128
     * elements, the last ones partial: {@code W[o, i] = weight[o, i] * scales[o / 128, i / 128]}.
     *
     * <p>Source: {@code quant_method: fp8} of transformers, whose {@code weight_scale_inv} the
     * scales are.
     *
     * @param x (rows, in)
     * @param weight (out, in) F8_E4M3
     * @param scales (ceil(out / 128), ceil(in / 128)) F32
     * @param bias (out), or null
     * @return (rows, out)
     */
    Tensor linearScaled(Tensor x, Tensor weight, Tensor scales, Tensor bias);

    /**
     * Multiplies by a weight stored (out, in) into columns of an output: a tile of the head.
     *
     * @param x (rows, in)
     * @param weight (out, in)
     * @param output (rows, width) in host memory, width at least columnBegin + out; written when
     *     the backend's compute stream has come to it
     * @param columnBegin where the tile goes
     */
    void linearInto(Tensor x, Tensor weight, Tensor output, int columnBegin);

    /**
     * Multiplies by a weight stored (in, out), as GPT-2's Conv1D has it.
     *
     * @param x (rows, in)
     * @param weight (in, out); of Q8_0 or Q4_0 (out, in), for their blocks lie along the input
     * @param bias (out), or null
     * @return (rows, out)
     */
    Tensor linearTransposed(Tensor x, Tensor weight, Tensor bias);

    /**
     * Copies columns, to take a fused projection apart.
     *
     * @param x (rows, width)
     * @param begin first column
     * @param end one past the last column
     * @return (rows, end - begin)
     */
    Tensor columns(Tensor x, int begin, int end);

    /**
     * Rotates the heads of each row in place.
     *
     * @param x (rows, heads * headDim)
     * @param headDim values in a head
     * @param table rotations of these rows
     * @return x
     */
    Tensor rope(Tensor x, int headDim, RopeTable table);

    /**
     * Writes keys and values of these rows into the cache.
     *
     * @param key (rows, kvHeads * headDim)
     * @param value (rows, kvHeads * headDim)
     * @param cache the layer's cache
     * @param rows where the rows go
     */
    void storeKv(Tensor key, Tensor value, KvView cache, RowMap rows);

    /**
     * Rotates queries and keys, and writes keys and values into the cache: {@link #rope} of both,
     * then {@link #storeKv}, to the bit, at once where a device gains by it.
     *
     * @param query (rows, heads * headDim), rotated in place
     * @param key (rows, kvHeads * headDim), of no use afterwards
     * @param value (rows, kvHeads * headDim)
     * @param table rotations of these rows
     * @param cache the layer's cache
     * @param rows where the rows go
     */
    default void ropeAndStoreKv(
            Tensor query, Tensor key, Tensor value, RopeTable table, KvView cache, RowMap rows) {
        rope(query, cache.headDim(), table);
        storeKv(rope(key, cache.headDim(), table), value, cache, rows);
    }

    /**
     * Grouped-query attention of these rows over the cache, causal by slot.
     *
     * @param query (rows, heads * headDim)
     * @param cache the layer's cache, these rows stored
     * @param rows which sequence and slot each row has
     * @param spec heads, scale, window
     * @return (rows, heads * headDim)
     */
    Tensor attention(Tensor query, KvView cache, RowMap rows, AttentionSpec spec);

    /**
     * Reads keys and values of these rows back from the cache, as float32.
     *
     * @param cache the layer's cache, these rows stored
     * @param rows where they are
     * @param key (rows, kvHeads * headDim), overwritten
     * @param value (rows, kvHeads * headDim), overwritten
     */
    void loadKv(KvView cache, RowMap rows, Tensor key, Tensor value);

    /**
     * Applies an activation.
     *
     * @param activation which
     * @param x (rows, width)
     * @return (rows, width)
     */
    Tensor activate(Activation activation, Tensor x);

    /**
     * Gates: activation(gate) * up.
     *
     * @param activation which
     * @param gate (rows, width)
     * @param up (rows, width)
     * @return (rows, width)
     */
    Tensor activateMultiply(Activation activation, Tensor gate, Tensor up);

    /**
     * Adds in place.
     *
     * @param target (rows, width), becomes target + x
     * @param x (rows, width)
     */
    void addInPlace(Tensor target, Tensor x);

    /**
     * Copies.
     *
     * @param source (rows, width)
     * @param target (rows, width), overwritten
     */
    void copy(Tensor source, Tensor target);

    /**
     * Finds the largest values of each row, the largest first, of equal ones the first.
     *
     * @param x (rows, width)
     * @param columnBegin added to the places that are found: the column of the tile in the whole
     * @param values (rows, count) F32 in host memory: the values, at least one; what is no number
     *     counts as positive infinity, so that damage is seen
     * @param places (rows, count) I32 in host memory: their columns; -1 beyond width
     */
    void top(Tensor x, int columnBegin, Tensor values, Tensor places);

    /**
     * Takes float32 rows in from host memory.
     *
     * @param source (rows, width) in host memory, unchanged until the compute stream has come to it
     * @param target (rows, width), overwritten
     */
    void input(Tensor source, Tensor target);

    /**
     * Gives float32 rows out to host memory.
     *
     * @param x (rows, width)
     * @param output (rows, width) in host memory; written when the backend's compute stream has
     *     come to it
     */
    void output(Tensor x, Tensor output);

    /**
     * Converts scattered rows of a table in host memory to float32.
     *
     * @param addresses host address where each row starts; read before this returns
     * @param rowType type of the rows: F32, F16, BF16, or Q8_0 or Q4_0 if they are whole blocks
     * @param target (addresses.length, width), overwritten
     */
    void gather(long[] addresses, DType rowType, Tensor target);

    /**
     * Converts scattered rows of a losslessly packed table in host memory to float32.
     *
     * @param addresses host address where each row starts; read before this returns
     * @param numbers which row of the table each is
     * @param escapes host address of the table's escapes; read before this returns
     * @param target (addresses.length, width), overwritten
     */
    void gatherPacked(long[] addresses, int[] numbers, long escapes, Tensor target);
}
