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
#include "vec.h"

/* Bytes of weights kept in the second-level cache while all rows pass by: a part of 1 MiB or more. */
enum { CACHED_WEIGHT_BYTES = 256 * 1024 };

typedef struct {
    const float *x;
    size_t in;
    size_t out; /* row length of a transposed weight */
    const uint8_t *weight;
    const uint8_t *bias;
    int bias_type;
    float *y;
    size_t y_stride;
    const float *scales; /* (ceil(out / SPAN), scale_columns) of an F8_E4M3 weight */
    size_t scale_columns;
} product;

/* Rows and columns of a weight that have one scale. */
enum { SPAN = 128 };

INLINE float biased(const product *p, float sum, int o) {
    return p->bias ? sum + element(p->bias, p->bias_type, (size_t)o) : sum;
}

/* One step of a tile: VL inner elements of its rows and outputs (n of them where tail). */
INLINE void step(vf acc[][WIDE_OUTS], const float *x, const uint8_t *w, size_t in, int type,
                 const vf *scales, int rows, int outs, int tail, int n) {
    vf weights[WIDE_OUTS];
    UNROLL for (int o = 0; o < outs; o++) {
        const uint8_t *at = w + (size_t)o * in * size_of(type);
        weights[o] = tail ? load_as_n(at, type, n) : load_as(at, type);
        if (type == OFS_F8_E4M3) weights[o] = v_mul(weights[o], scales[o]);
    }
    UNROLL for (int r = 0; r < rows; r++) {
        const float *at = x + (size_t)r * in;
        vf inputs = tail ? v_load_n(at, n) : v_load(at);
        UNROLL for (int o = 0; o < outs; o++) acc[r][o] = v_fma(inputs, weights[o], acc[r][o]);
    }
}

/* All steps of inner elements [i, end) of some rows and outputs. */
INLINE void steps(vf acc[][WIDE_OUTS], const float *x, const uint8_t *w, size_t in, size_t i,
                  size_t end, int type, const vf *scales, int rows, int outs) {
    for (; i + VL <= end; i += VL) {
        step(acc, x + i, w + i * size_of(type), in, type, scales, rows, outs, 0, 0);
    }
    if (i < end) {
        step(acc, x + i, w + i * size_of(type), in, type, scales, rows, outs, 1, (int)(end - i));
    }
}

/* The same of an F8_E4M3 weight, whose scales change every SPAN elements. */
INLINE void scaled_steps(vf acc[][WIDE_OUTS], const product *p, const float *x, const uint8_t *w,
                         int out, int rows, int outs) {
    vf scales[WIDE_OUTS];
    for (size_t i = 0; i < p->in; i += SPAN) {
        UNROLL for (int o = 0; o < outs; o++) {
            size_t line = (size_t)(out + o) / SPAN;
            scales[o] = v_set1(p->scales[line * p->scale_columns + i / SPAN]);
        }
        size_t end = p->in - i < SPAN ? p->in : i + SPAN;
        steps(acc, x, w, p->in, i, end, OFS_F8_E4M3, scales, rows, outs);
    }
}

/* The same of a weight in blocks. */
INLINE void block_steps(vf acc[][WIDE_OUTS], const float *x, const uint8_t *w, size_t in, int type,
                        int rows, int outs) {
    const size_t row_bytes = bytes_of(type, in);
    for (size_t i = 0; i < in; i += BLOCK, w += bytes_of(type, BLOCK)) {
        UNROLL for (int at = 0; at < BLOCK; at += VL) {
            vf weights[WIDE_OUTS];
            UNROLL for (int o = 0; o < outs; o++) {
                weights[o] = load_block(w + (size_t)o * row_bytes, at, type);
            }
            UNROLL for (int r = 0; r < rows; r++) {
                vf inputs = v_load(x + (size_t)r * in + i + at);
                UNROLL for (int o = 0; o < outs; o++) {
                    acc[r][o] = v_fma(inputs, weights[o], acc[r][o]);
                }
            }
        }
    }
}

/* Elements [row, row + rows) x [out, out + outs); type, rows and outs are constants. */
INLINE void tile(int type, const product *p, int row, int out, int rows, int outs) {
    vf acc[TILE_ROWS][WIDE_OUTS];
    const size_t in = p->in;
    const float *x = p->x + (size_t)row * in;
    const uint8_t *w = p->weight + (size_t)out * bytes_of(type, in);
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int o = 0; o < outs; o++) acc[r][o] = v_set1(0.0f);
    }
    if (is_blocks(type)) {
        block_steps(acc, x, w, in, type, rows, outs);
    } else if (type == OFS_F8_E4M3) {
        scaled_steps(acc, p, x, w, out, rows, outs);
    } else {
        steps(acc, x, w, in, 0, in, type, NULL, rows, outs);
    }
    UNROLL for (int r = 0; r < rows; r++) {
        float *y = p->y + (size_t)(row + r) * p->y_stride;
        UNROLL for (int o = 0; o < outs; o++) y[out + o] = biased(p, v_sum(acc[r][o]), out + o);
    }
}

/* The outputs of some rows, as many at a time as registers hold. */
INLINE void strip(int type, const product *p, int row, int out, int out_end, int rows, int outs) {
    for (; out + outs <= out_end; out += outs) tile(type, p, row, out, rows, outs);
    for (; out < out_end; out++) tile(type, p, row, out, rows, 1);
}

INLINE void linear_rows(int type, const product *p, int rows, int out, int out_end) {
    int r = 0;
    for (; r + TILE_ROWS <= rows; r += TILE_ROWS) {
        strip(type, p, r, out, out_end, TILE_ROWS, TILE_OUTS);
    }
#if TILE_ROWS > 1
    switch (rows - r) {
    case 1: strip(type, p, r, out, out_end, 1, WIDE_OUTS); break;
    case 2: strip(type, p, r, out, out_end, 2, TILE_OUTS); break;
    case 3: strip(type, p, r, out, out_end, 3, TILE_OUTS); break;
#if TILE_ROWS > 4
    case 4: strip(type, p, r, out, out_end, 4, TILE_OUTS); break;
    case 5: strip(type, p, r, out, out_end, 5, TILE_OUTS); break;
#endif
    default: break;
    }
#endif
}

INLINE void linear_type(int type, const product *p, int rows, int out_begin, int out_end) {
    size_t row_bytes = bytes_of(type, p->in);
    int block = row_bytes ? (int)(CACHED_WEIGHT_BYTES / row_bytes) : out_end;
    block = block / (2 * WIDE_OUTS) * (2 * WIDE_OUTS);
    if (block == 0) block = 2 * WIDE_OUTS;
    for (int out = out_begin; out < out_end; out += block) {
        linear_rows(type, p, rows, out, out_end - out < block ? out_end : out + block);
    }
}

static void linear(const float *x, int32_t rows, int32_t in, const void *weight,
                   int32_t weight_type, const void *bias, int32_t bias_type, float *y,
                   int64_t y_stride, int32_t out_begin, int32_t out_end) {
    const product p = {x, (size_t)in, 0, weight, bias, bias_type, y, (size_t)y_stride, NULL, 0};
    FOR_WEIGHT_TYPE(weight_type, linear_type, &p, rows, out_begin, out_end);
}

static void linear_scaled(const float *x, int32_t rows, int32_t in, const void *weight,
                          const float *scales, const void *bias, int32_t bias_type, float *y,
                          int64_t y_stride, int32_t out_begin, int32_t out_end) {
    const product p = {x, (size_t)in,       0,      weight,                            bias, bias_type,
                       y, (size_t)y_stride, scales, ((size_t)in + SPAN - 1) / SPAN};
    linear_type(OFS_F8_E4M3, &p, rows, out_begin, out_end);
}

/* Elements [row, row + rows) x [out, out + vectors * VL), or n < VL outputs where n is not 0. */
INLINE void transposed_tile(int type, const product *p, int row, int out, int rows, int vectors,
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
            float *y = p->y + (size_t)(row + r) * p->y_stride;
            v_store(sums, acc[r][c]);
            for (int l = 0; l < (n ? n : VL); l++) {
                int o = out + c * VL + l;
                y[o] = biased(p, sums[l], o);
            }
        }
    }
}

INLINE void transposed_strip(int type, const product *p, int row, int out, int out_end, int rows,
                             int vectors) {
    for (; out + vectors * VL <= out_end; out += vectors * VL) {
        transposed_tile(type, p, row, out, rows, vectors, 0);
    }
    for (; out + VL <= out_end; out += VL) transposed_tile(type, p, row, out, rows, 1, 0);
    if (out < out_end) transposed_tile(type, p, row, out, rows, 1, out_end - out);
}

INLINE void transposed_type(int type, const product *p, int rows, int out_begin, int out_end) {
    int r = 0;
    for (; r + TILE_ROWS <= rows; r += TILE_ROWS) {
        transposed_strip(type, p, r, out_begin, out_end, TILE_ROWS, TILE_OUTS);
    }
    for (; r < rows; r++) transposed_strip(type, p, r, out_begin, out_end, 1, WIDE_OUTS);
}

static void linear_transposed(const float *x, int32_t rows, int32_t in, int32_t out,
                              const void *weight, int32_t weight_type, const void *bias,
                              int32_t bias_type, float *y, int32_t out_begin, int32_t out_end) {
    const product p = {x, (size_t)in,  (size_t)out, weight, bias, bias_type,
                       y, (size_t)out, NULL,        0};
    FOR_TYPE(weight_type, transposed_type, &p, rows, out_begin, out_end);
}
