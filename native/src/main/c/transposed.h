/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* Products with weights stored (in, out): lanes are outputs. linear.h has the order of a sum. */
#include "vec.h"

typedef struct {
    const float *x;
    size_t in;
    size_t out;
    const uint8_t *weight;
    const uint8_t *bias;
    int bias_type;
    float *y;
} transposed;

/* Elements [row, row + rows) x [out, out + vectors * VL), or n < VL outputs where n is not 0. */
INLINE void transposed_tile(int type, const transposed *p, int row, int out, int rows, int vectors,
                            int n) {
    vf acc[TILE_ROWS][WIDE_OUTS];
    const float *x = p->x + (size_t)row * p->in;
    const uint8_t *w = p->weight + (size_t)out * size_of(type);
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int c = 0; c < vectors; c++) acc[r][c] = v_set1(0.0f);
    }
    for (size_t i = 0; i < p->in; i++, w += p->out * size_of(type)) {
        vf weights[WIDE_OUTS];
        UNROLL for (int c = 0; c < vectors; c++) {
            const uint8_t *at = w + (size_t)c * VL * size_of(type);
            weights[c] = n ? load_as_n(at, type, n) : load_as(at, type);
        }
        UNROLL for (int r = 0; r < rows; r++) {
            vf input = v_set1(x[(size_t)r * p->in + i]);
            UNROLL for (int c = 0; c < vectors; c++) acc[r][c] = v_fma(input, weights[c], acc[r][c]);
        }
    }
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int c = 0; c < vectors; c++) {
            float sums[VL];
            float *y = p->y + (size_t)(row + r) * p->out;
            v_store(sums, acc[r][c]);
            for (int l = 0; l < (n ? n : VL); l++) {
                int o = out + c * VL + l;
                y[o] = p->bias ? sums[l] + element(p->bias, p->bias_type, (size_t)o) : sums[l];
            }
        }
    }
}

INLINE void transposed_strip(int type, const transposed *p, int row, int out, int out_end, int rows,
                             int vectors) {
    for (; out + vectors * VL <= out_end; out += vectors * VL) {
        transposed_tile(type, p, row, out, rows, vectors, 0);
    }
    for (; out + VL <= out_end; out += VL) transposed_tile(type, p, row, out, rows, 1, 0);
    if (out < out_end) transposed_tile(type, p, row, out, rows, 1, out_end - out);
}

INLINE void transposed_type(int type, const transposed *p, int rows, int out_begin, int out_end) {
    int r = 0;
    for (; r + TILE_ROWS <= rows; r += TILE_ROWS) {
        transposed_strip(type, p, r, out_begin, out_end, TILE_ROWS, TILE_OUTS);
    }
    for (; r < rows; r++) transposed_strip(type, p, r, out_begin, out_end, 1, WIDE_OUTS);
}

static void linear_transposed(const float *x, int32_t rows, int32_t in, int32_t out,
                              const void *weight, int32_t weight_type, const void *bias,
                              int32_t bias_type, float *y, int32_t out_begin, int32_t out_end) {
    const transposed p = {x, (size_t)in, (size_t)out, weight, bias, bias_type, y};
    FOR_TYPE(weight_type, transposed_type, &p, rows, out_begin, out_end);
}
