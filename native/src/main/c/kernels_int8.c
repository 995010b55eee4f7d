/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* Products of int8 activations for one instruction set. As kernels_isa.c, and apart from it, for
 * there are more instruction sets that matter here: OFS_INT8 is the name. */
#include "int8_decode.h"
#include "int8_prefill.h"
#include "table.h"

INLINE void int8_type(int type, const int8_product *p, int rows, size_t out, size_t out_end) {
    if (rows <= INT8_DECODE_ROWS) {
        int8_decode(type, p, rows, out, out_end);
    } else {
        int8_prefill(type, p, (size_t)rows, out, out_end);
    }
}

static void linear_int8(const void *x, int32_t rows, int32_t in, const void *weight,
                        int32_t weight_type, const void *bias, int32_t bias_type, float *y,
                        int64_t y_stride, int32_t out_begin, int32_t out_end) {
    const int8_product p = {.x = x,
                            .x_bytes = (size_t)OFS_INT8_ROW_BYTES(in),
                            .blocks = (size_t)in / BLOCK,
                            .filled = filled_blocks((size_t)in),
                            .weight = {.bytes = weight,
                                       .in = (size_t)in,
                                       .row_bytes = bytes_of(weight_type, (size_t)in)},
                            .bias = bias,
                            .bias_type = bias_type,
                            .y = y,
                            .y_stride = (size_t)y_stride};
    if (rows <= 0 || out_begin >= out_end) return;
    if (weight_type == OFS_Q8_0) {
        int8_type(OFS_Q8_0, &p, rows, (size_t)out_begin, (size_t)out_end);
    } else {
        int8_type(OFS_Q4_0, &p, rows, (size_t)out_begin, (size_t)out_end);
    }
}

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)

const ofs_int8_table JOIN(ofs_int8_, OFS_INT8) = {
    .quantize_rows = quantize_rows,
    .linear_int8 = linear_int8,
};
