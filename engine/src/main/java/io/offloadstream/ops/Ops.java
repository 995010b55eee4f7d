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
     * Multiplies by a weight stored (out, in) into columns of a wider result: a tile of the head.
     *
     * @param x (rows, in)
     * @param weight (out, in)
     * @param target (rows, width), width at least columnBegin + out
     * @param columnBegin where the tile goes
     */
    void linearInto(Tensor x, Tensor weight, Tensor target, int columnBegin);

    /**
     * Multiplies by a weight stored (in, out), as GPT-2's Conv1D has it.
     *
     * @param x (rows, in)
     * @param weight (in, out)
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
     * Converts scattered rows of a table to float32.
     *
     * @param addresses where each row starts
     * @param rowType type of the rows
     * @param target (addresses.length, width), overwritten
     */
    void gather(long[] addresses, DType rowType, Tensor target);
}
