/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import java.util.function.DoubleBinaryOperator;
import java.util.function.LongBinaryOperator;

/** Functions of two elements, over doubles and over longs. */
enum BinaryOperation {
    ADD(Result.COMMON, Double::sum, Long::sum),
    SUBTRACT(Result.COMMON, (a, b) -> a - b, (a, b) -> a - b),
    MULTIPLY(Result.COMMON, (a, b) -> a * b, (a, b) -> a * b),
    DIVIDE(Result.FRACTION, (a, b) -> a / b, BinaryOperation::noWhole),
    MODULO(Result.COMMON, BinaryOperation::modulo, Math::floorMod),
    POWER(Result.COMMON, Math::pow, BinaryOperation::power),
    MAXIMUM(Result.COMMON, Math::max, Math::max),
    MINIMUM(Result.COMMON, Math::min, Math::min),
    ATAN2(Result.FRACTION, Math::atan2, BinaryOperation::noWhole),
    X_LOG_Y(
            Result.FRACTION,
            (a, b) -> a == 0 && !Double.isNaN(b) ? 0 : a * Math.log(b),
            BinaryOperation::noWhole),
    EQUAL(Result.BOOLEAN, (a, b) -> a == b ? 1 : 0, (a, b) -> a == b ? 1 : 0),
    NOT_EQUAL(Result.BOOLEAN, (a, b) -> a != b ? 1 : 0, (a, b) -> a != b ? 1 : 0),
    GREATER(Result.BOOLEAN, (a, b) -> a > b ? 1 : 0, (a, b) -> a > b ? 1 : 0),
    GREATER_OR_EQUAL(Result.BOOLEAN, (a, b) -> a >= b ? 1 : 0, (a, b) -> a >= b ? 1 : 0),
    LESS(Result.BOOLEAN, (a, b) -> a < b ? 1 : 0, (a, b) -> a < b ? 1 : 0),
    LESS_OR_EQUAL(Result.BOOLEAN, (a, b) -> a <= b ? 1 : 0, (a, b) -> a <= b ? 1 : 0),
    AND(Result.BOOLEAN, (a, b) -> a != 0 && b != 0 ? 1 : 0, (a, b) -> a != 0 && b != 0 ? 1 : 0),
    OR(Result.BOOLEAN, (a, b) -> a != 0 || b != 0 ? 1 : 0, (a, b) -> a != 0 || b != 0 ? 1 : 0),
    XOR(Result.BOOLEAN, (a, b) -> a != 0 ^ b != 0 ? 1 : 0, (a, b) -> a != 0 ^ b != 0 ? 1 : 0);

    /** The type of what comes out. */
    enum Result {
        COMMON,
        FRACTION,
        BOOLEAN
    }

    private final Result result;

    @SuppressWarnings("ImmutableEnumChecker") // functions without state
    private final DoubleBinaryOperator real;

    @SuppressWarnings("ImmutableEnumChecker") // functions without state
    private final LongBinaryOperator whole;

    BinaryOperation(Result result, DoubleBinaryOperator real, LongBinaryOperator whole) {
        this.result = result;
        this.real = real;
        this.whole = whole;
    }

    Result result() {
        return result;
    }

    DoubleBinaryOperator real() {
        return real;
    }

    LongBinaryOperator whole() {
        return whole;
    }

    /** The remainder has the sign of the divisor, as in Python. */
    private static double modulo(double a, double b) {
        double remainder = a % b;
        return remainder != 0 && remainder < 0 != b < 0 ? remainder + b : remainder;
    }

    private static long power(long base, long exponent) {
        if (exponent < 0) {
            throw new IllegalArgumentException(
                    "integer "
                            + base
                            + " to the negative power "
                            + exponent
                            + "; use toType(DataType.FLOAT32, false) first");
        }
        long result = 1;
        long factor = base;
        for (long rest = exponent; rest != 0; rest >>= 1) {
            if ((rest & 1) != 0) {
                result *= factor;
            }
            factor *= factor;
        }
        return result;
    }

    private static long noWhole(long a, long b) {
        throw new AssertionError("computed in floating point");
    }
}
