/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

/**
 * Activation functions, named as in transformers' {@code ACT2FN}.
 *
 * <p>{@link #code()} is the number that the C kernels know the function by ({@code kernels.h}).
 */
public enum Activation {
    /** {@code x / (1 + exp(-x))}. */
    SILU(0),
    /** {@code 0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))}: gelu_new, gelu_pytorch_tanh. */
    GELU_TANH(1),
    /** {@code 0.5 x (1 + erf(x / sqrt(2)))}: gelu. */
    GELU_ERF(2),
    /** {@code max(x, 0)}. */
    RELU(3);

    private final int code;

    Activation(int code) {
        this.code = code;
    }

    /**
     * Finds the function that {@code config.json} names.
     *
     * @param name for example {@code silu}
     * @return the function
     * @throws IllegalArgumentException if it is not known; the message lists the known ones
     */
    public static Activation of(String name) {
        return switch (name) {
            case "silu", "swish" -> SILU;
            case "gelu_new", "gelu_pytorch_tanh" -> GELU_TANH;
            case "gelu" -> GELU_ERF;
            case "relu" -> RELU;
            default ->
                    throw new IllegalArgumentException(
                            "activation "
                                    + name
                                    + " is not known; known: silu, swish, gelu, gelu_new,"
                                    + " gelu_pytorch_tanh, relu");
        };
    }

    /**
     * Returns the number that the C kernels know this function by.
     *
     * @return the code
     */
    public int code() {
        return code;
    }
}
