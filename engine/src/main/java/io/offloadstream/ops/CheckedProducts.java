/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.ops;

import io.offloadstream.platform.Activation;
import io.offloadstream.platform.DType;

/** The part of {@link CheckedOps} that multiplies by weights, and the scratch memory of all. */
abstract class CheckedProducts implements Ops {

    private final ScratchRules rules;

    /**
     * Constructs operators.
     *
     * @param rules what they take beside their results
     */
    CheckedProducts(ScratchRules rules) {
        this.rules = rules;
    }

    /**
     * Takes scratch memory until the block ends.
     *
     * @param type element type
     * @param shape dimensions, outermost first
     * @return contents undefined
     */
    protected abstract Tensor allocate(DType type, long... shape);

    /** What operators take beside their results. */
    final ScratchRules rules() {
        return rules;
    }

    @Override
    public final Tensor linear(Tensor x, Tensor weight, Tensor bias) {
        ShapeCheck.linear("linear", x, weight, bias, false);
        Tensor y = allocate(DType.F32, x.rows(), weight.rows());
        linear(x, weight, bias, y);
        return y;
    }

    /**
     * Computes {@link Ops#linear}.
     *
     * @param x (rows, in)
     * @param weight (out, in)
     * @param bias (out), or null
     * @param y (rows, out)
     */
    protected abstract void linear(Tensor x, Tensor weight, Tensor bias, Tensor y);

    @Override
    public final Tensor[] linears(Tensor x, Tensor[] weights, Tensor[] biases) {
        ShapeCheck.linears(x, weights, biases);
        Tensor[] results = new Tensor[weights.length];
        for (int i = 0; i < weights.length; i++) {
            results[i] = allocate(DType.F32, x.rows(), weights[i].rows());
        }
        linears(x, weights, biases, results);
        return results;
    }

    /**
     * Computes {@link Ops#linears}, one after another unless the backend knows better.
     *
     * @param x (rows, in)
     * @param weights (out, in) each
     * @param biases (out) each, or null in its place
     * @param y (rows, out) of each
     */
    protected void linears(Tensor x, Tensor[] weights, Tensor[] biases, Tensor[] y) {
        for (int i = 0; i < weights.length; i++) {
            linear(x, weights[i], biases[i], y[i]);
        }
    }

    @Override
    public final void linearAdd(Tensor target, Tensor x, Tensor weight, Tensor bias) {
        ShapeCheck.linear("linearAdd", x, weight, bias, false);
        ShapeCheck.result("linearAdd", target, x.rows(), weight.rows());
        linearAdd(x, weight, bias, like(target), target);
    }

    /**
     * Computes {@link Ops#linearAdd}, in two steps unless the backend knows better.
     *
     * @param x (rows, in)
     * @param weight (out, in)
     * @param bias (out), or null
     * @param scratch (rows, out) for the product
     * @param target (rows, out), becomes target + product
     */
    protected void linearAdd(Tensor x, Tensor weight, Tensor bias, Tensor scratch, Tensor target) {
        linear(x, weight, bias, scratch);
        add(target, scratch);
    }

    @Override
    public final Tensor gatedLinear(
            Activation activation,
            Tensor x,
            Tensor gate,
            Tensor gateBias,
            Tensor up,
            Tensor upBias) {
        ShapeCheck.linear("gatedLinear", x, gate, gateBias, false);
        ShapeCheck.linear("gatedLinear", x, up, upBias, false);
        Tensor raised = allocate(DType.F32, x.rows(), up.rows());
        Tensor y = allocate(DType.F32, x.rows(), gate.rows());
        ShapeCheck.result("gatedLinear", y, x.rows(), up.rows());
        gatedLinear(activation, x, new Gated(gate, gateBias, up, upBias), raised, y);
        return y;
    }

    /**
     * The weights of {@link Ops#gatedLinear}.
     *
     * @param gate (out, in)
     * @param gateBias (out), or null
     * @param up (out, in)
     * @param upBias (out), or null
     */
    protected record Gated(Tensor gate, Tensor gateBias, Tensor up, Tensor upBias) {}

    /**
     * Computes {@link Ops#gatedLinear}, in three steps unless the backend knows better.
     *
     * @param activation which
     * @param x (rows, in)
     * @param weights both projections
     * @param scratch (rows, out) for the second one
     * @param y (rows, out)
     */
    protected void gatedLinear(
            Activation activation, Tensor x, Gated weights, Tensor scratch, Tensor y) {
        linear(x, weights.gate(), weights.gateBias(), y);
        linear(x, weights.up(), weights.upBias(), scratch);
        activateMultiply(activation, y, scratch, y);
    }

    @Override
    public final Tensor linearScaled(Tensor x, Tensor weight, Tensor scales, Tensor bias) {
        ShapeCheck.linearScaled("linearScaled", x, weight, scales, bias);
        Tensor y = allocate(DType.F32, x.rows(), weight.rows());
        linearScaled(x, weight, scales, bias, y);
        return y;
    }

    /**
     * Computes {@link Ops#linearScaled}.
     *
     * @param x (rows, in)
     * @param weight (out, in) F8_E4M3
     * @param scales (ceil(out / 128), ceil(in / 128)) F32
     * @param bias (out), or null
     * @param y (rows, out)
     */
    protected abstract void linearScaled(
            Tensor x, Tensor weight, Tensor scales, Tensor bias, Tensor y);

    @Override
    public final void linearInto(Tensor x, Tensor weight, Tensor output, int columnBegin) {
        ShapeCheck.linear("linearInto", x, weight, null, false);
        ShapeCheck.tile("linearInto", x, weight, output, columnBegin);
        linearInto(
                x,
                weight,
                output,
                columnBegin,
                scratch(rules.outputBytes(x.rows(), weight.rows())));
    }

    /**
     * Computes {@link Ops#linearInto}.
     *
     * @param x (rows, in)
     * @param weight (out, in)
     * @param output (rows, width) in host memory, of which columns columnBegin to columnBegin + out
     *     are written
     * @param columnBegin where the first output goes
     * @param scratch what {@link ScratchRules#outputBytes} asked for, or null
     */
    protected abstract void linearInto(
            Tensor x, Tensor weight, Tensor output, int columnBegin, Tensor scratch);

    @Override
    public final Tensor linearTransposed(Tensor x, Tensor weight, Tensor bias) {
        ShapeCheck.linear("linearTransposed", x, weight, bias, true);
        boolean inputMajor = ShapeCheck.isInputMajor(weight);
        int out = inputMajor ? weight.columns() : weight.rows();
        Tensor y = allocate(DType.F32, x.rows(), out);
        if (inputMajor) {
            linearTransposed(x, weight, bias, y);
        } else {
            linear(x, weight, bias, y);
        }
        return y;
    }

    /**
     * Computes {@link Ops#linearTransposed}.
     *
     * @param x (rows, in)
     * @param weight (in, out)
     * @param bias (out), or null
     * @param y (rows, out)
     */
    protected abstract void linearTransposed(Tensor x, Tensor weight, Tensor bias, Tensor y);

    /**
     * Computes {@link Ops#activateMultiply}.
     *
     * @param activation which
     * @param gate (rows, width)
     * @param up (rows, width)
     * @param y (rows, width)
     */
    protected abstract void activateMultiply(
            Activation activation, Tensor gate, Tensor up, Tensor y);

    /**
     * Computes {@link Ops#addInPlace}.
     *
     * @param target (rows, width), becomes target + x
     * @param x (rows, width)
     */
    protected abstract void add(Tensor target, Tensor x);

    /** Bytes of scratch memory, null for none. */
    final Tensor scratch(long sizeBytes) {
        return sizeBytes == 0 ? null : allocate(DType.U8, sizeBytes);
    }

    final Tensor like(Tensor x) {
        return allocate(DType.F32, x.rows(), x.columns());
    }
}
