/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.types.DataType;

/** Which type an operation computes in and returns: the rules of PyTorch. */
final class ElementTypes {

    private ElementTypes() {}

    /**
     * Refuses a type that no array can have.
     *
     * @param type of a wanted array
     */
    static void requireStorable(DataType type) {
        switch (type) {
            case STRING, COMPLEX64, UNKNOWN ->
                    throw new UnsupportedOperationException(
                            "OffloadStream NDArray does not support the data type " + type);
            default -> {}
        }
    }

    /**
     * Refuses a type that cannot be computed with.
     *
     * @param operation for the message
     * @param type of an operand
     */
    static void requireComputable(String operation, DataType type) {
        if (type == DataType.UINT64) {
            throw new UnsupportedOperationException(
                    "OffloadStream NDArray does not support "
                            + operation
                            + " of uint64; use toType(DataType.INT64, false) first");
        }
    }

    /**
     * Returns the type that holds the values of both.
     *
     * @param a a type
     * @param b a type
     * @return the common one
     */
    static DataType common(DataType a, DataType b) {
        if (a == b) {
            return a;
        }
        if (a.isFloating() || b.isFloating()) {
            if (!b.isFloating()) {
                return a;
            }
            if (!a.isFloating()) {
                return b;
            }
            // float16 and bfloat16 hold not each other
            return a.getNumOfBytes() == b.getNumOfBytes() ? DataType.FLOAT32 : wider(a, b);
        }
        if (a.isBoolean() || b.isBoolean()) {
            return a.isBoolean() ? b : a;
        }
        if (a.getFormat() == b.getFormat()) {
            return wider(a, b);
        }
        DataType signed = a.getFormat() == DataType.Format.INT ? a : b;
        DataType unsigned = signed == a ? b : a;
        if (signed.getNumOfBytes() > unsigned.getNumOfBytes()) {
            return signed;
        }
        return signedOf(2 * unsigned.getNumOfBytes());
    }

    /**
     * Returns the type of an array and a number: the array's, unless the number is of a higher
     * kind.
     *
     * @param array type of the array
     * @param number the number
     * @return the common type
     */
    static DataType common(DataType array, Number number) {
        boolean fraction = number instanceof Float || number instanceof Double;
        if (array.isFloating() || (!fraction && array.isInteger())) {
            return array;
        }
        return fraction ? DataType.FLOAT32 : DataType.INT64;
    }

    /**
     * Returns the type of a quotient, root, exponential or mean.
     *
     * @param type of the operand
     * @return it, or float32 where it has no fractions
     */
    static DataType fraction(DataType type) {
        return type.isFloating() ? type : DataType.FLOAT32;
    }

    /**
     * Returns the type of a sum or product.
     *
     * @param type of the terms
     * @return it, or int64 for integers and booleans
     */
    static DataType total(DataType type) {
        return type.isFloating() ? type : DataType.INT64;
    }

    private static DataType wider(DataType a, DataType b) {
        return a.getNumOfBytes() >= b.getNumOfBytes() ? a : b;
    }

    private static DataType signedOf(int sizeBytes) {
        switch (sizeBytes) {
            case 2 -> {
                return DataType.INT16;
            }
            case 4 -> {
                return DataType.INT32;
            }
            default -> {
                return DataType.INT64;
            }
        }
    }
}
