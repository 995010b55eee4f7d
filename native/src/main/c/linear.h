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
#include "decode.h"
#include "prefill.h"
#include "transposed.h"

INLINE void linear_type(int type, const product *p, int rows, int out_begin, int out_end) {
    if (rows <= 0 || out_begin >= out_end) return;
    if (rows <= DECODE_ROWS) {
        decode(type, p, rows, (size_t)out_begin, (size_t)out_end);
    } else {
        prefill(type, p, rows, (size_t)out_begin, (size_t)out_end);
    }
}

static void linear(const float *x, int32_t rows, int32_t in, const void *weight,
                   int32_t weight_type, const void *bias, int32_t bias_type, float *y,
                   int64_t y_stride, int32_t out_begin, int32_t out_end) {
    const weights w = {.bytes = weight,
                       .in = (size_t)in,
                       .row_bytes = bytes_of(weight_type, (size_t)in)};
    const product p = {x, w, bias, bias_type, y, (size_t)y_stride};
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
    const product p = {x, w, bias, bias_type, y, (size_t)y_stride};
    linear_type(OFS_F8_E4M3, &p, rows, out_begin, out_end);
}

/* Bytes of a packed weight that are unpacked, on the stack, for many rows to pass by. */
enum { UNPACKED_BYTES = 256 * 1024 };

/* More than DECODE_ROWS rows: those of the weight become bf16, some at a time. */
static __attribute__((noinline)) void prefill_packed(const product *p, int rows, size_t out,
                                                     size_t out_end) {
    uint16_t unpacked[UNPACKED_BYTES / 2];
    const size_t in = p->weight.in, block = UNPACKED_BYTES / 2 / in;
    for (; out < out_end; out += block) {
        const size_t count = out_end - out < block ? out_end - out : block;
        const uint8_t *bias = p->bias ? p->bias + out * size_of(p->bias_type) : NULL;
        for (size_t o = 0; o < count; o++) unpack_row(&p->weight, out + o, unpacked + o * in);
        linear(p->x, rows, (int32_t)in, unpacked, OFS_BF16, bias, p->bias_type, p->y + out,
               (int64_t)p->y_stride, 0, (int32_t)count);
    }
}

/* Rows so long that few fit are multiplied like those of few rows, some at a time. */
static void decode_packed(product p, int rows, int out_begin, int out_end) {
    for (int count; rows > 0; rows -= count) {
        count = rows < DECODE_ROWS ? rows : DECODE_ROWS;
        decode(OFS_BF16_PACKED, &p, count, (size_t)out_begin, (size_t)out_end);
        p.x += (size_t)count * p.weight.in;
        p.y += (size_t)count * p.y_stride;
    }
}

static void linear_packed(const float *x, int32_t rows, int32_t in, const void *weight,
                          const void *escapes, int32_t first_row, const void *bias,
                          int32_t bias_type, float *y, int64_t y_stride, int32_t out_begin,
                          int32_t out_end) {
    const weights w = {.bytes = weight,
                       .in = (size_t)in,
                       .row_bytes = bytes_of(OFS_BF16_PACKED, (size_t)in),
                       .escapes = escapes,
                       .first_row = (size_t)first_row};
    const product p = {x, w, bias, bias_type, y, (size_t)y_stride};
    if (rows <= 0 || out_begin >= out_end) return;
    if (rows <= DECODE_ROWS || w.in * TILE_OUTS * 2 > UNPACKED_BYTES) {
        decode_packed(p, rows, out_begin, out_end);
    } else {
        prefill_packed(&p, rows, (size_t)out_begin, (size_t)out_end);
    }
}
