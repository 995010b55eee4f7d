/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* Matrix products with BF16_PACKED weights, of any number of rows. */
#ifndef OFS_LINEAR_PACKED_H
#define OFS_LINEAR_PACKED_H

#include "linear_type.h"

/*
 * What a packed product of many rows has on the stack, 64 KiB: threads may have little more. Weights
 * become bf16 there for all rows to pass by: whole rows of the weight where TILE_OUTS of them fit,
 * else some columns of as many, and then the sums of SUMMED_ROWS wait there for the next columns.
 */
enum { UNPACKED = 32 * 1024, UNPACKED_COLUMNS = 4096, SUMMED_ROWS = 128 };

typedef union {
    uint16_t whole[UNPACKED];
    struct {
        float sums[SUMMED_ROWS * TILE_OUTS * VL];
        uint16_t weights[UNPACKED_COLUMNS * TILE_OUTS];
    } parts;
} unpacked;

INLINE int fits_whole(size_t in) { return in * TILE_OUTS <= UNPACKED; }

/* At most SUMMED_ROWS rows, unless the weight's rows fit whole. */
static __attribute__((noinline)) void prefill_unpacked(const product *p, size_t rows,
                                                       size_t out_begin, size_t out_end) {
    unpacked u;
    const size_t in = p->weight.in;
    const int whole = fits_whole(in);
    const size_t columns = whole ? in : UNPACKED_COLUMNS;
    const size_t block = whole ? UNPACKED / in / TILE_OUTS * TILE_OUTS : TILE_OUTS;
    uint16_t *to = whole ? u.whole : u.parts.weights;
    for (size_t out = out_begin, outs; out < out_end; out += outs) {
        outs = out_end - out < block ? out_end - out : block;
        product q = *p;
        q.bias = p->bias ? p->bias + out * size_of(p->bias_type) : NULL;
        q.y = p->y + out;
        for (size_t i = 0, n; i < in; i += n) {
            n = in - i < columns ? in - i : columns;
            for (size_t o = 0; o < outs; o++) {
                unpack_columns(&p->weight, out + o, i, n, to + o * n);
            }
            const part of = {u.parts.sums, outs, i == 0, i + n == in};
            q.x = p->x + i;
            q.weight = (weights){
                .bytes = (const uint8_t *)to, .in = n, .row_bytes = bytes_of(OFS_BF16, n)};
            prefill_rows(OFS_BF16, &q, &of, rows, 0, outs);
        }
    }
}

/* More than DECODE_ROWS rows. */
static void prefill_packed(product p, size_t rows, size_t out_begin, size_t out_end) {
    const size_t turns =
        fits_whole(p.weight.in) ? 1 : (rows + SUMMED_ROWS - 1) / SUMMED_ROWS;
    for (size_t turn = 0; turn < turns; turn++) {
        const size_t count = rows * (turn + 1) / turns - rows * turn / turns;
        prefill_unpacked(&p, count, out_begin, out_end);
        p.x += count * p.x_stride;
        p.y += count * p.y_stride;
    }
}

static void linear_packed(const input *x, int32_t rows, int32_t in, const void *weight,
                          const void *escapes, int32_t first_row, const void *bias,
                          int32_t bias_type, float *y, int64_t y_stride, int32_t out_begin,
                          int32_t out_end) {
    const weights w = {.bytes = weight,
                       .in = (size_t)in,
                       .row_bytes = bytes_of(OFS_BF16_PACKED, (size_t)in),
                       .escapes = escapes,
                       .first_row = (size_t)first_row};
    const product p = {x, w.in, w, bias, bias_type, y, (size_t)y_stride};
    if (rows <= 0 || out_begin >= out_end) return;
    if (rows <= DECODE_ROWS) {
        decode(OFS_BF16_PACKED, &p, rows, (size_t)out_begin, (size_t)out_end);
    } else {
        prefill_packed(p, (size_t)rows, (size_t)out_begin, (size_t)out_end);
    }
}

#endif
