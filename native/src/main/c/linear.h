/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * Matrix products. Whatever the tile, an element's sum is made the same way:
 *   linear: one accumulator of VL lanes steps through the inner dimension (the last step padded
 *     with zeros), its lanes are added in the order of v_sum, then the bias; a weight with a scale
 *     is multiplied by it first;
 *   linear_transposed: one lane steps through the inner dimension, then the bias.
 * So rows, ranges and alignment do not change a bit of it.
 */
#include "linear_packed.h"
#include "transposed.h"

static void linear(const float *x, int32_t rows, int32_t in, const void *weight,
                   int32_t weight_type, const void *bias, int32_t bias_type, float *y,
                   int64_t y_stride, int32_t out_begin, int32_t out_end) {
    const weights w = {.bytes = weight,
                       .in = (size_t)in,
                       .row_bytes = bytes_of(weight_type, (size_t)in)};
    const product p = {x, w.in, w, bias, bias_type, y, (size_t)y_stride};
    FOR_WEIGHT_TYPE(weight_type, linear_type, &p, rows, out_begin, out_end);
}

static void linear_scaled(const float *x, int32_t rows, int32_t in, const void *weight,
                          const float *scales, const void *bias, int32_t bias_type, float *y,
                          int64_t y_stride, int32_t out_begin, int32_t out_end) {
    const weights w = {.bytes = weight,
                       .in = (size_t)in,
                       .row_bytes = bytes_of(OFS_F8_E4M3, (size_t)in),
                       .scales = scales,
                       .scale_columns = ((size_t)in + SCALE_BLOCK - 1) / SCALE_BLOCK};
    const product p = {x, w.in, w, bias, bias_type, y, (size_t)y_stride};
    linear_type(OFS_F8_E4M3, &p, rows, out_begin, out_end);
}
