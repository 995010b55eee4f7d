/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.ops;

import io.offloadstream.platform.DType;

/** Checks of what operators are given. Each message names the operator and both shapes. */
final class ShapeCheck {

    /** Elements that share a scale, in both directions. */
    private static final int SCALE_BLOCK = 128;

    private ShapeCheck() {}

    static void activation(String operator, Tensor x) {
        if (x.type() != DType.F32) {
            throw misfit(operator, "activations are F32, this one is " + x);
        }
    }

    private static void weight(String operator, Tensor weight) {
        if (!weight.type().isComputable()) {
            throw misfit(operator, "weights are F32, F16 or BF16, this one is " + weight);
        }
    }

    private static void vector(String operator, String what, Tensor vector, int length) {
        weight(operator, vector);
        if (vector.count() != length) {
            throw misfit(operator, what + " " + vector + " should have " + length + " elements");
        }
    }

    static void norm(String operator, Tensor x, Tensor weight, Tensor bias) {
        activation(operator, x);
        weight(operator, weight);
        if (weight.count() != x.columns()) {
            throw misfit(operator, "weight " + weight + " does not fit the rows of " + x);
        }
        if (bias != null) {
            vector(operator, "bias", bias, x.columns());
            if (bias.type() != weight.type()) {
                throw misfit(
                        operator,
                        "weight " + weight + " and bias " + bias + " should have one type");
            }
        }
    }

    /** Products along the rows of a weight take blocks too. */
    private static void product(String operator, Tensor weight) {
        if (!weight.type().isRowComputable()) {
            weight(operator, weight);
        } else if (weight.columns() % weight.type().blockElements() != 0) {
            throw misfit(operator, "rows of " + weight + " are no whole blocks");
        }
    }

    /** A weight in blocks lies along the input, (out, in), also where others are (in, out). */
    static boolean isInputMajor(Tensor weight) {
        return weight.type().blockElements() == 1;
    }

    static void linear(String operator, Tensor x, Tensor weight, Tensor bias, boolean transposed) {
        activation(operator, x);
        product(operator, weight);
        boolean inputMajor = transposed && isInputMajor(weight);
        int in = inputMajor ? weight.rows() : weight.columns();
        int out = inputMajor ? weight.columns() : weight.rows();
        if (x.columns() != in) {
            throw misfit(operator, "weight " + weight + " takes rows of " + in + ", but x is " + x);
        }
        if (bias != null) {
            vector(operator, "bias", bias, out);
        }
    }

    static void linears(Tensor x, Tensor[] weights, Tensor[] biases) {
        if (weights.length == 0) {
            throw misfit("linears", "there is no weight to multiply " + x + " by");
        }
        for (int i = 0; i < weights.length; i++) {
            linear("linears", x, weights[i], biases[i], false);
        }
    }

    static void result(String operator, Tensor target, int rows, int columns) {
        activation(operator, target);
        if (target.rows() != rows || target.columns() != columns) {
            throw misfit(
                    operator,
                    "the product has shape [" + rows + ", " + columns + "], not that of " + target);
        }
    }

    static void linearScaled(String operator, Tensor x, Tensor weight, Tensor scales, Tensor bias) {
        activation(operator, x);
        activation(operator, scales);
        if (weight.type() != DType.F8_E4M3) {
            throw misfit(operator, "the weight is F8_E4M3, this one is " + weight);
        }
        if (x.columns() != weight.columns()) {
            throw misfit(operator, "weight " + weight + " does not fit " + x);
        }
        if (scales.rows() != blocks(weight.rows())
                || scales.columns() != blocks(weight.columns())) {
            throw misfit(operator, "scales " + scales + " do not fit " + weight);
        }
        if (bias != null) {
            vector(operator, "bias", bias, weight.rows());
        }
    }

    private static int blocks(int elements) {
        return (elements + SCALE_BLOCK - 1) / SCALE_BLOCK;
    }

    static void top(String operator, Tensor x, Tensor values, Tensor places) {
        activation(operator, x);
        activation(operator, values);
        if (places.type() != DType.I32
                || values.rows() != x.rows()
                || places.rows() != x.rows()
                || values.columns() < 1
                || values.columns() != places.columns()) {
            throw misfit(operator, values + " and " + places + " do not fit " + x);
        }
    }

    static void tile(String operator, Tensor x, Tensor weight, Tensor target, int columnBegin) {
        activation(operator, target);
        if (target.rows() != x.rows()
                || columnBegin < 0
                || weight.rows() > target.columns() - columnBegin) {
            throw misfit(
                    operator,
                    x
                            + " times "
                            + weight
                            + " does not fit "
                            + target
                            + " from column "
                            + columnBegin);
        }
    }

    static void columns(String operator, Tensor x, int begin, int end) {
        activation(operator, x);
        if (begin < 0 || begin >= end || end > x.columns()) {
            throw misfit(operator, "columns [" + begin + ", " + end + ") of " + x);
        }
    }

    static void rope(String operator, Tensor x, int headDim, RopeTable table) {
        activation(operator, x);
        activation(operator, table.cos());
        same(operator, table.cos(), table.sin());
        if (headDim < 1 || x.columns() % headDim != 0) {
            throw misfit(operator, x + " has no whole heads of " + headDim);
        }
        if (table.cos().rows() != x.rows() || 2 * table.cos().columns() > headDim) {
            throw misfit(
                    operator,
                    "rotations " + table.cos() + " do not fit " + x + " with heads of " + headDim);
        }
    }

    static void cached(String operator, Tensor x, KvView cache, RowMap rows, int heads) {
        activation(operator, x);
        if (x.rows() != rows.count()) {
            throw misfit(operator, x + " does not have the " + rows.count() + " rows of its map");
        }
        if (x.columns() != heads * cache.headDim()) {
            throw misfit(operator, x + " does not have " + heads + " heads of " + cache.headDim());
        }
    }

    static void heads(String operator, AttentionSpec spec, KvView cache) {
        if (spec.heads() % cache.kvHeads() != 0 || spec.window() < 0) {
            throw misfit(operator, spec + " does not fit a cache of " + cache.kvHeads() + " heads");
        }
    }

    static void same(String operator, Tensor x, Tensor y) {
        activation(operator, x);
        activation(operator, y);
        if (x.rows() != y.rows() || x.columns() != y.columns()) {
            throw misfit(operator, x + " and " + y + " should have one shape");
        }
    }

    static void gather(String operator, int rows, DType rowType, Tensor target) {
        activation(operator, target);
        boolean fits =
                rowType.isRowComputable()
                        && rowType != DType.BF16_PACKED
                        && target.columns() % rowType.blockElements() == 0;
        if (!fits || target.rows() != rows) {
            throw misfit(operator, rows + " rows of type " + rowType + " do not fit " + target);
        }
    }

    static void gatherPacked(String operator, int rows, int numbers, Tensor target) {
        activation(operator, target);
        if (target.rows() != rows
                || numbers != rows
                || target.columns() % DType.BF16_PACKED.blockElements() != 0) {
            throw misfit(
                    operator, rows + " packed rows, " + numbers + " numbers do not fit " + target);
        }
    }

    private static IllegalArgumentException misfit(String operator, String message) {
        return new IllegalArgumentException(operator + ": " + message);
    }
}
