/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* What a vendor's library of products leaves to others: both factors in one type, and what becomes of the product. */

#include "epilogue.h"

/* Weights of 16 bits as float32. */
KERNEL(256) void widen(BUFFER(const ushort, weight), BUFFER(float, y), INT64 count, int type) {
    POINTER(const ushort, weight);
    POINTER(float, y);
    const INT64 step = (INT64)GROUPS_X * 256;
    for (INT64 i = (INT64)GROUP_X * 256 + THREAD; i < count; i += step) {
        y[i] = type == TYPE_F16 ? half_to_float(weight[i]) : bf16_to_float(weight[i]);
    }
}

/* Activations rounded to a type of 16 bits. */
KERNEL(256) void narrow(BUFFER(const float, x), BUFFER(ushort, y), INT64 count, int type) {
    POINTER(const float, x);
    POINTER(ushort, y);
    const INT64 step = (INT64)GROUPS_X * 256;
    for (INT64 i = (INT64)GROUP_X * 256 + THREAD; i < count; i += step) {
        y[i] = type == TYPE_F16 ? float_to_half(x[i]) : float_to_bf16(x[i]);
    }
}

/* A group for each row: bias and epilogue of a product, which may lie in y already if it is to be stored. */
KERNEL(256) void finish_product(BUFFER(const float, product), BUFFER(const uchar, bias), int bias_type, BUFFER(float, y),
                                int out, int epilogue, int code) {
    POINTER(const float, product);
    POINTER(const uchar, bias);
    POINTER(float, y);
    const INT64 row = (INT64)GROUP_X * out;
    for (int column = (int)GROUP_Y * 256 + (int)THREAD; column < out; column += (int)GROUPS_Y * 256) {
        const float b = IS_NULL(bias) ? 0.0f : load_element(bias, bias_type, column);
        const float sum = product[row + column] + b;
        if (epilogue == 0) {
            y[row + column] = sum;
        } else {
            finish(y + row + column, sum, epilogue, code);
        }
    }
}
