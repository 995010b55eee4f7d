/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * Products of few rows of int8 activations, which memory bounds: DECODE_OUTS rows of the weight at
 * once, which lie one behind the other, LANES blocks of each in a step.
 */
#ifndef OFS_INT8_DECODE_H
#define OFS_INT8_DECODE_H

#include "int8.h"

/* The most rows that share the unpacking of weights here; more pay for a tile of prefill. */
enum { INT8_DECODE_ROWS = 4, INT8_DECODE_OUTS = 4 };

/*
 * How far ahead weights are fetched at least, in whole tiles. Four rows of 4 bits are 4 KiB at 2048
 * columns and multiplied sooner than memory answers: one core reads 19 GB/s where 8 KiB gives 27.
 * Two cores at 16 KiB read 0.90 of what plain reads do, at 8 KiB 0.96.
 */
enum { INT8_AHEAD_BYTES = 8 * 1024 };

/* LANES blocks of each output: at has where each output's begin, b is the first of the row's. */
INLINE void int8_decode_step(int type, const int8_product *p, size_t row, int rows, size_t b,
                             const uint8_t *const *at, vf *acc) {
    vq w[INT8_DECODE_OUTS][2];
    const vf scales = v_scales(type, at);
    UNROLL for (int o = 0; o < INT8_DECODE_OUTS; o++) q_blocks(type, at[o], w[o]);
    UNROLL for (int r = 0; r < rows; r++) {
        const size_t at_row = row + (size_t)r;
        const uint8_t *x = p->x + at_row * p->x_bytes + b * BLOCK;
        const vq low = q_load(x);
        const vq high = q_load(x + LANES * PIECE);
        vi dots[INT8_DECODE_OUTS];
        UNROLL for (int o = 0; o < INT8_DECODE_OUTS; o++) {
            dots[o] = i_dot(type, i_set1(0), w[o][0], low);
            dots[o] = i_dot(type, dots[o], w[o][1], high);
        }
        vi dot = i_sum4(dots[0], dots[1], dots[2], dots[3]);
        if (offset_bits(type)) {
            dot = i_sub_shifted(dot, i_spread(sums_of(p, at_row) + b), offset_bits(type));
        }
        const vf both = v_mul(scales, v_spread(scales_of(p, at_row) + b));
        acc[r] = v_fma(v_of(dot), both, acc[r]);
    }
}

/* The last blocks of rows, fewer than LANES, with zeros behind them. */
INLINE void int8_decode_rest(int type, const int8_product *p, size_t row, int rows, size_t b,
                             const uint8_t *const *at, vf *acc) {
    uint8_t copy[INT8_DECODE_OUTS][LANES * MOST_BLOCK_BYTES] = {{0}};
    const uint8_t *from[INT8_DECODE_OUTS];
    for (int o = 0; o < INT8_DECODE_OUTS; o++) {
        memcpy(copy[o], at[o], bytes_of(type, (p->blocks - b) * BLOCK));
        from[o] = copy[o];
    }
    int8_decode_step(type, p, row, rows, b, from, acc);
}

/* Rows [row, row + rows) of INT8_DECODE_OUTS outputs, those behind out_end computed in vain. */
INLINE void int8_decode_tile(int type, const int8_product *p, size_t row, int rows, size_t out,
                             size_t out_end) {
    vf acc[INT8_DECODE_ROWS];
    const uint8_t *at[INT8_DECODE_OUTS];
    const size_t outs = out_end - out < INT8_DECODE_OUTS ? out_end - out : INT8_DECODE_OUTS;
    const size_t row_bytes = p->weight.row_bytes;
    const size_t step_bytes = bytes_of(type, LANES * BLOCK);
    const size_t tile_bytes = INT8_DECODE_OUTS * row_bytes;
    const size_t tiles = (INT8_AHEAD_BYTES + tile_bytes - 1) / tile_bytes;
    const uint8_t *ahead = p->weight.bytes + out * row_bytes;
    size_t b = 0;
    UNROLL for (size_t o = 0; o < INT8_DECODE_OUTS; o++) {
        at[o] = p->weight.bytes + (out + (o < outs ? o : outs - 1)) * row_bytes;
    }
    if (out + (tiles + 1) * INT8_DECODE_OUTS <= out_end) ahead += tiles * tile_bytes;
    UNROLL for (int r = 0; r < rows; r++) acc[r] = v_set1(0.0f);
    for (; b + LANES <= p->blocks; b += LANES) {
        fetch_ahead(ahead, INT8_DECODE_OUTS * step_bytes);
        ahead += INT8_DECODE_OUTS * step_bytes;
        int8_decode_step(type, p, row, rows, b, at, acc);
        UNROLL for (int o = 0; o < INT8_DECODE_OUTS; o++) at[o] += step_bytes;
    }
    if (b < p->blocks) int8_decode_rest(type, p, row, rows, b, at, acc);
    UNROLL for (int r = 0; r < rows; r++) {
        float sums[INT8_DECODE_OUTS];
        float *y = p->y + (row + (size_t)r) * p->y_stride + out;
        v_fold(acc[r], sums);
        for (size_t o = 0; o < outs; o++) {
            y[o] = p->bias ? sums[o] + element(p->bias, p->bias_type, out + o) : sums[o];
        }
    }
}

INLINE void int8_decode_outs(int type, const int8_product *p, int rows, size_t out,
                             size_t out_end) {
    for (; out < out_end; out += INT8_DECODE_OUTS) {
        int8_decode_tile(type, p, 0, rows, out, out_end);
    }
}

/* At most INT8_DECODE_ROWS rows. */
INLINE void int8_decode(int type, const int8_product *p, int rows, size_t out, size_t out_end) {
    switch (rows) {
    case 1: int8_decode_outs(type, p, 1, out, out_end); break;
    case 2: int8_decode_outs(type, p, 2, out, out_end); break;
    case 3: int8_decode_outs(type, p, 3, out, out_end); break;
    default: int8_decode_outs(type, p, 4, out, out_end); break;
    }
}

#endif
