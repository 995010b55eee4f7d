/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * Products of many rows, which arithmetic bounds. A tile has as many accumulators as registers hold
 * and converts its weights on the way: that costs a few of a hundred operations, where keeping them
 * as floats would cost the bandwidth of the second-level cache.
 */
#ifndef OFS_PREFILL_H
#define OFS_PREFILL_H

#include "product.h"

/* Bytes of weights kept in the second-level cache while all rows pass by: a part of 1 MiB or more. */
enum { CACHED_WEIGHT_BYTES = 256 * 1024 };

/* Some columns of a product: its accumulators rest in memory between one part and the next. */
typedef struct {
    float *sums; /* (rows, outs, VL) */
    size_t outs;
    int first;
    int last;
} part;

/* One vector of the inner dimension: the weights are in lanes, x is that of the first row. */
INLINE void prefill_step(vf acc[TILE_ROWS][WIDE_OUTS], const input *x, size_t in, const vf *lanes,
                         int rows, int outs, int n) {
    UNROLL for (int r = 0; r < rows; r++) {
        const input *at = x + (size_t)r * in;
        vf inputs = n ? v_inputs_n(at, n) : v_inputs(at);
        UNROLL for (int o = 0; o < outs; o++) acc[r][o] = v_dot(inputs, lanes[o], acc[r][o]);
    }
}

/* Adds elements [row, row + rows) x [out, out + outs); type, rows and outs are constants. */
INLINE void prefill_sums(int type, const product *p, size_t row, size_t out,
                         vf acc[TILE_ROWS][WIDE_OUTS], int rows, int outs) {
    vf lanes[TILE_OUTS];
    const weights *w = &p->weight;
    const size_t in = w->in;
    const size_t row_bytes = w->row_bytes;
    const int vectors = span_of(type);
    const size_t span = (size_t)vectors * STEP;
    const input *x = p->x + row * p->x_stride;
    const uint8_t *at = w->bytes + out * row_bytes;
    size_t i = 0;
    for (; i + span <= in; i += span, at += bytes_of(type, span)) {
        UNROLL for (int v = 0; v < vectors; v++) {
            UNROLL for (int o = 0; o < outs; o++) {
                const uint8_t *from = at + (size_t)o * row_bytes;
                lanes[o] = load_vector(type, w, out + (size_t)o, i, from, v);
            }
            prefill_step(acc, x + i + v * STEP, p->x_stride, lanes, rows, outs, 0);
        }
    }
    for (; !is_blocks(type) && i < in; i += STEP, at += STEP * size_of(type)) {
        int n = in - i < STEP ? (int)(in - i) : 0;
        UNROLL for (int o = 0; o < outs; o++) {
            lanes[o] = load_lanes(type, w, out + (size_t)o, i, at + (size_t)o * row_bytes, n);
        }
        prefill_step(acc, x + i, p->x_stride, lanes, rows, outs, n);
    }
}

/* Elements [row, row + rows) x [out, out + outs) of a product, or of a part of its columns. */
INLINE void prefill_tile(int type, const product *p, const part *of, size_t row, size_t out,
                         int rows, int outs) {
    vf acc[TILE_ROWS][WIDE_OUTS];
    float *sums = of ? of->sums + (row * of->outs + out) * VL : NULL;
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int o = 0; o < outs; o++) {
            const size_t at = ((size_t)r * (of ? of->outs : 0) + (size_t)o) * VL;
            acc[r][o] = of && !of->first ? v_load(sums + at) : v_set1(0.0f);
        }
    }
    prefill_sums(type, p, row, out, acc, rows, outs);
    if (!of || of->last) {
        write_tile(p, row, out, acc, rows, outs);
        return;
    }
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int o = 0; o < outs; o++) {
            v_store(sums + ((size_t)r * of->outs + (size_t)o) * VL, acc[r][o]);
        }
    }
}

INLINE void prefill_outs(int type, const product *p, const part *of, size_t row, size_t out,
                         size_t out_end, int rows) {
    for (; out + TILE_OUTS <= out_end; out += TILE_OUTS) {
        prefill_tile(type, p, of, row, out, rows, TILE_OUTS);
    }
    for (; out < out_end; out++) prefill_tile(type, p, of, row, out, rows, 1);
}

/* All rows and some outputs, in tiles of TILE_ROWS rows or one less, or two at the end. */
INLINE void prefill_rows(int type, const product *p, const part *of, size_t rows, size_t out,
                         size_t out_end) {
    size_t tiles = (rows + TILE_ROWS - 1) / TILE_ROWS;
    size_t shorter = tiles * TILE_ROWS - rows;
    size_t row = 0;
    for (size_t t = 0; t < tiles; t++) {
        size_t less = (shorter + tiles - t - 1) / (tiles - t);
        shorter -= less;
        switch (less) {
        case 0: prefill_outs(type, p, of, row, out, out_end, TILE_ROWS); break;
        case 1: prefill_outs(type, p, of, row, out, out_end, TILE_ROWS - 1); break;
        default: prefill_outs(type, p, of, row, out, out_end, TILE_ROWS - 2); break;
        }
        row += TILE_ROWS - less;
    }
}

/* Any rows: more than pay in decode(). */
INLINE void prefill(int type, const product *p, int rows, size_t out_begin, size_t out_end) {
    size_t block = CACHED_WEIGHT_BYTES / (p->weight.row_bytes + 1) / TILE_OUTS * TILE_OUTS;
    if (block == 0) block = TILE_OUTS;
    for (size_t out = out_begin; out < out_end; out += block) {
        const size_t end = out_end - out < block ? out_end : out + block;
        prefill_rows(type, p, NULL, (size_t)rows, out, end);
    }
}

#endif
