/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/** Arithmetic of two operands, with broadcasting, into a new array or in place. */
abstract class ArithmeticArray extends ShapedArray {

    ArithmeticArray(NDManager manager, ArrayMemory memory, Shape shape, DataType dataType) {
        super(manager, memory, shape, dataType);
    }

    OfsNDArray apply(BinaryOperation operation, NDArray other) {
        return Elementwise.binary(operation, self(), other);
    }

    OfsNDArray apply(BinaryOperation operation, Number other) {
        return Elementwise.binary(operation, self(), other);
    }

    private OfsNDArray applyInPlace(BinaryOperation operation, NDArray other) {
        return Elementwise.binaryInPlace(operation, self(), other);
    }

    private OfsNDArray applyInPlace(BinaryOperation operation, Number other) {
        return Elementwise.binaryInPlace(operation, self(), other);
    }

    @Override
    public OfsNDArray add(Number n) {
        return apply(BinaryOperation.ADD, n);
    }

    @Override
    public OfsNDArray add(NDArray other) {
        return apply(BinaryOperation.ADD, other);
    }

    @Override
    public OfsNDArray addi(Number n) {
        return applyInPlace(BinaryOperation.ADD, n);
    }

    @Override
    public OfsNDArray addi(NDArray other) {
        return applyInPlace(BinaryOperation.ADD, other);
    }

    @Override
    public OfsNDArray sub(Number n) {
        return apply(BinaryOperation.SUBTRACT, n);
    }

    @Override
    public OfsNDArray sub(NDArray other) {
        return apply(BinaryOperation.SUBTRACT, other);
    }

    @Override
    public OfsNDArray subi(Number n) {
        return applyInPlace(BinaryOperation.SUBTRACT, n);
    }

    @Override
    public OfsNDArray subi(NDArray other) {
        return applyInPlace(BinaryOperation.SUBTRACT, other);
    }

    @Override
    public OfsNDArray mul(Number n) {
        return apply(BinaryOperation.MULTIPLY, n);
    }

    @Override
    public OfsNDArray mul(NDArray other) {
        return apply(BinaryOperation.MULTIPLY, other);
    }

    @Override
    public OfsNDArray muli(Number n) {
        return applyInPlace(BinaryOperation.MULTIPLY, n);
    }

    @Override
    public OfsNDArray muli(NDArray other) {
        return applyInPlace(BinaryOperation.MULTIPLY, other);
    }

    @Override
    public OfsNDArray div(Number n) {
        return apply(BinaryOperation.DIVIDE, n);
    }

    @Override
    public OfsNDArray div(NDArray other) {
        return apply(BinaryOperation.DIVIDE, other);
    }

    @Override
    public OfsNDArray divi(Number n) {
        return applyInPlace(BinaryOperation.DIVIDE, n);
    }

    @Override
    public OfsNDArray divi(NDArray other) {
        return applyInPlace(BinaryOperation.DIVIDE, other);
    }

    @Override
    public OfsNDArray mod(Number n) {
        return apply(BinaryOperation.MODULO, n);
    }

    @Override
    public OfsNDArray mod(NDArray other) {
        return apply(BinaryOperation.MODULO, other);
    }

    @Override
    public OfsNDArray modi(Number n) {
        return applyInPlace(BinaryOperation.MODULO, n);
    }

    @Override
    public OfsNDArray modi(NDArray other) {
        return applyInPlace(BinaryOperation.MODULO, other);
    }

    @Override
    public OfsNDArray pow(Number n) {
        return apply(BinaryOperation.POWER, n);
    }

    @Override
    public OfsNDArray pow(NDArray other) {
        return apply(BinaryOperation.POWER, other);
    }

    @Override
    public OfsNDArray powi(Number n) {
        return applyInPlace(BinaryOperation.POWER, n);
    }

    @Override
    public OfsNDArray powi(NDArray other) {
        return applyInPlace(BinaryOperation.POWER, other);
    }

    @Override
    public OfsNDArray maximum(Number n) {
        return apply(BinaryOperation.MAXIMUM, n);
    }

    @Override
    public OfsNDArray maximum(NDArray other) {
        return apply(BinaryOperation.MAXIMUM, other);
    }

    @Override
    public OfsNDArray minimum(Number n) {
        return apply(BinaryOperation.MINIMUM, n);
    }

    @Override
    public OfsNDArray minimum(NDArray other) {
        return apply(BinaryOperation.MINIMUM, other);
    }

    @Override
    public OfsNDArray xlogy(NDArray other) {
        return apply(BinaryOperation.X_LOG_Y, other);
    }

    @Override
    public OfsNDArray atan2(NDArray other) {
        return apply(BinaryOperation.ATAN2, other);
    }
}
