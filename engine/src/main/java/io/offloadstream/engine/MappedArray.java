/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;

/** Functions of one element. */
abstract class MappedArray extends ComparedArray {

    MappedArray(NDManager manager, ArrayMemory memory, Shape shape, DataType dataType) {
        super(manager, memory, shape, dataType);
    }

    @Override
    public OfsNDArray sqrt() {
        return Elementwise.fraction("sqrt", self(), Math::sqrt);
    }

    @Override
    public OfsNDArray cbrt() {
        return Elementwise.fraction("cbrt", self(), Math::cbrt);
    }

    @Override
    public OfsNDArray exp() {
        return Elementwise.fraction("exp", self(), Math::exp);
    }

    @Override
    public OfsNDArray log() {
        return Elementwise.fraction("log", self(), Math::log);
    }

    @Override
    public OfsNDArray log10() {
        return Elementwise.fraction("log10", self(), Math::log10);
    }

    @Override
    public OfsNDArray log2() {
        return Elementwise.fraction("log2", self(), x -> Math.log(x) / Math.log(2));
    }

    @Override
    public OfsNDArray sin() {
        return Elementwise.fraction("sin", self(), Math::sin);
    }

    @Override
    public OfsNDArray cos() {
        return Elementwise.fraction("cos", self(), Math::cos);
    }

    @Override
    public OfsNDArray tan() {
        return Elementwise.fraction("tan", self(), Math::tan);
    }

    @Override
    public OfsNDArray asin() {
        return Elementwise.fraction("asin", self(), Math::asin);
    }

    @Override
    public OfsNDArray acos() {
        return Elementwise.fraction("acos", self(), Math::acos);
    }

    @Override
    public OfsNDArray atan() {
        return Elementwise.fraction("atan", self(), Math::atan);
    }

    @Override
    public OfsNDArray sinh() {
        return Elementwise.fraction("sinh", self(), Math::sinh);
    }

    @Override
    public OfsNDArray cosh() {
        return Elementwise.fraction("cosh", self(), Math::cosh);
    }

    @Override
    public OfsNDArray tanh() {
        return Elementwise.fraction("tanh", self(), Math::tanh);
    }

    @Override
    public OfsNDArray asinh() {
        return Elementwise.fraction(
                "asinh", self(), x -> Math.copySign(Math.log(Math.abs(x) + Math.hypot(x, 1)), x));
    }

    @Override
    public OfsNDArray acosh() {
        return Elementwise.fraction("acosh", self(), x -> Math.log(x + Math.sqrt(x * x - 1)));
    }

    @Override
    public OfsNDArray atanh() {
        return Elementwise.fraction("atanh", self(), x -> 0.5 * (Math.log1p(x) - Math.log1p(-x)));
    }

    @Override
    public OfsNDArray toDegrees() {
        return Elementwise.fraction("toDegrees", self(), Math::toDegrees);
    }

    @Override
    public OfsNDArray toRadians() {
        return Elementwise.fraction("toRadians", self(), Math::toRadians);
    }

    @Override
    public OfsNDArray neg() {
        return Elementwise.unary("neg", self(), x -> -x, x -> -x);
    }

    @Override
    public OfsNDArray negi() {
        return Elementwise.unaryInPlace("negi", self(), x -> -x, x -> -x);
    }

    @Override
    public OfsNDArray abs() {
        return Elementwise.unary("abs", self(), Math::abs, Math::abs);
    }

    @Override
    public OfsNDArray square() {
        return Elementwise.unary("square", self(), x -> x * x, x -> x * x);
    }

    @Override
    public OfsNDArray sign() {
        return Elementwise.unary("sign", self(), Math::signum, Long::signum);
    }

    @Override
    public OfsNDArray signi() {
        return Elementwise.unaryInPlace("signi", self(), Math::signum, Long::signum);
    }

    @Override
    public OfsNDArray floor() {
        return Elementwise.unary("floor", self(), Math::floor, x -> x);
    }

    @Override
    public OfsNDArray ceil() {
        return Elementwise.unary("ceil", self(), Math::ceil, x -> x);
    }

    @Override
    public OfsNDArray round() {
        return Elementwise.unary("round", self(), Math::rint, x -> x);
    }

    @Override
    public OfsNDArray trunc() {
        return Elementwise.unary(
                "trunc", self(), x -> x < 0 ? Math.ceil(x) : Math.floor(x), x -> x);
    }

    @Override
    public OfsNDArray clip(Number min, Number max) {
        double low = min.doubleValue();
        double high = max.doubleValue();
        long lowWhole = (long) Math.ceil(low);
        long highWhole = (long) Math.floor(high);
        return Elementwise.unary(
                "clip",
                self(),
                x -> Math.min(Math.max(x, low), high),
                x -> Math.min(Math.max(x, lowWhole), highWhole));
    }
}
