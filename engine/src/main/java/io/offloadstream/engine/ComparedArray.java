/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/** Comparisons and logic: boolean results. */
abstract class ComparedArray extends ArithmeticArray {

    ComparedArray(NDManager manager, ArrayMemory memory, Shape shape, DataType dataType) {
        super(manager, memory, shape, dataType);
    }

    @Override
    public OfsNDArray eq(Number n) {
        return Elementwise.binary(BinaryOperation.EQUAL, self(), n);
    }

    @Override
    public OfsNDArray eq(NDArray other) {
        return Elementwise.binary(BinaryOperation.EQUAL, self(), other);
    }

    @Override
    public OfsNDArray neq(Number n) {
        return Elementwise.binary(BinaryOperation.NOT_EQUAL, self(), n);
    }

    @Override
    public OfsNDArray neq(NDArray other) {
        return Elementwise.binary(BinaryOperation.NOT_EQUAL, self(), other);
    }

    @Override
    public OfsNDArray gt(Number n) {
        return Elementwise.binary(BinaryOperation.GREATER, self(), n);
    }

    @Override
    public OfsNDArray gt(NDArray other) {
        return Elementwise.binary(BinaryOperation.GREATER, self(), other);
    }

    @Override
    public OfsNDArray gte(Number n) {
        return Elementwise.binary(BinaryOperation.GREATER_OR_EQUAL, self(), n);
    }

    @Override
    public OfsNDArray gte(NDArray other) {
        return Elementwise.binary(BinaryOperation.GREATER_OR_EQUAL, self(), other);
    }

    @Override
    public OfsNDArray lt(Number n) {
        return Elementwise.binary(BinaryOperation.LESS, self(), n);
    }

    @Override
    public OfsNDArray lt(NDArray other) {
        return Elementwise.binary(BinaryOperation.LESS, self(), other);
    }

    @Override
    public OfsNDArray lte(Number n) {
        return Elementwise.binary(BinaryOperation.LESS_OR_EQUAL, self(), n);
    }

    @Override
    public OfsNDArray lte(NDArray other) {
        return Elementwise.binary(BinaryOperation.LESS_OR_EQUAL, self(), other);
    }

    @Override
    public OfsNDArray logicalAnd(NDArray other) {
        return apply(BinaryOperation.AND, other);
    }

    @Override
    public OfsNDArray logicalOr(NDArray other) {
        return apply(BinaryOperation.OR, other);
    }

    @Override
    public OfsNDArray logicalXor(NDArray other) {
        return apply(BinaryOperation.XOR, other);
    }

    @Override
    public OfsNDArray logicalNot() {
        return Elementwise.test(self(), value -> value == 0);
    }

    @Override
    public OfsNDArray isNaN() {
        return Elementwise.test(self(), Double::isNaN);
    }

    @Override
    public OfsNDArray isInfinite() {
        return Elementwise.test(self(), Double::isInfinite);
    }

    @Override
    public boolean contentEquals(Number number) {
        if (getDataType().isBoolean()) {
            return false;
        }
        try (OfsNDArray equal = eq(number)) {
            return Elementwise.allTrue(equal);
        }
    }

    @Override
    public boolean contentEquals(NDArray other) {
        if (other == null || !shapeEquals(other) || getDataType() != other.getDataType()) {
            return false;
        }
        try (OfsNDArray equal = eq(other)) {
            return Elementwise.allTrue(equal);
        }
    }

    @Override
    public boolean allClose(NDArray other, double rtol, double atol, boolean equalNan) {
        if (!shapeEquals(other)) {
            return false;
        }
        Elements a = elements();
        Elements b = StoredArray.elementsOf(other);
        int size = Math.toIntExact(size());
        for (int i = 0; i < size; i++) {
            double actual = a.real(i);
            double expected = b.real(i);
            boolean bothNan = equalNan && Double.isNaN(actual) && Double.isNaN(expected);
            boolean close = Math.abs(actual - expected) <= atol + rtol * Math.abs(expected);
            // infinities are close to themselves only, which their difference does not tell
            if (!bothNan && !close && actual != expected) {
                return false;
            }
        }
        return true;
    }
}
