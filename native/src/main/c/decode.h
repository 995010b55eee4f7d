/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * Products of few rows, which memory bounds. A tile takes its sums straight from the weights: some
 * outputs at a time, whose weights lie one behind the other, so that while a tile runs the next is
 * fetched into the second-level cache in the order of its addresses: the prefetchers of processors
 * follow that many short streams worse (docs/decisions.md has figures). Where weights need little
 * work, a tile of one row has, on AVX2 and AVX-512, as few outputs as keep up with memory, for the
 * same reason.
 */
#ifndef OFS_DECODE_H
#define OFS_DECODE_H

#include "packed.h"

/* The most rows of one tile; more take turns while the weights are in the cache. */
enum { DECODE_TILE_ROWS = 4 };

/* Products of at most so many rows run here. */
enum { DECODE_ROWS = 2 * DECODE_TILE_ROWS };

/* Elements [row, row + rows) x [out, out + outs), all but type, rows and outs variable. */
INLINE void decode_tile(int type, const product *p, size_t row, size_t out, int rows, int outs,
                        const uint8_t *ahead) {
    if (type == OFS_BF16_PACKED) {
        packed_tile(p, row, out, rows, outs, ahead);
        return;
    }
    vf acc[DECODE_TILE_ROWS][WIDE_OUTS];
    const weights *w = &p->weight;
    const size_t in = w->in;
    const size_t row_bytes = w->row_bytes;
    const int vectors = span_of(type);
    const size_t span = (size_t)vectors * STEP;
    const size_t span_bytes = bytes_of(type, span);
    const input *x = p->x + row * in;
    const uint8_t *at = w->bytes + out * row_bytes;
    size_t i = 0;
    UNROLL for (int r = 0; r < rows; r++) {
        UNROLL for (int o = 0; o < outs; o++) acc[r][o] = v_set1(0.0f);
    }
    for (; i + span <= in; i += span, at += span_bytes, ahead += (size_t)outs * span_bytes) {
        vf inputs[DECODE_TILE_ROWS][MOST_VECTORS];
        fetch_ahead(ahead, (size_t)outs * span_bytes);
        UNROLL for (int r = 0; r < rows; r++) {
            UNROLL for (int v = 0; v < vectors; v++) {
                inputs[r][v] = v_inputs(x + (size_t)r * in + i + v * STEP);
            }
        }
        UNROLL for (int o = 0; o < outs; o++) {
            const uint8_t *from = at + (size_t)o * row_bytes;
            UNROLL for (int v = 0; v < vectors; v++) {
                vf lanes = load_vector(type, w, out + (size_t)o, i, from, v);
                UNROLL for (int r = 0; r < rows; r++) {
                    acc[r][o] = v_dot(inputs[r][v], lanes, acc[r][o]);
                }
            }
        }
    }
    for (; !is_blocks(type) && i < in; i += STEP, at += STEP * size_of(type)) {
        int n = in - i < STEP ? (int)(in - i) : 0;
        UNROLL for (int o = 0; o < outs; o++) {
            vf lanes = load_lanes(type, w, out + (size_t)o, i, at + (size_t)o * row_bytes, n);
            UNROLL for (int r = 0; r < rows; r++) {
                const input *a = x + (size_t)r * in + i;
                acc[r][o] = v_dot(n ? v_inputs_n(a, n) : v_inputs(a), lanes, acc[r][o]);
            }
        }
    }
    write_tile(p, row, out, acc, rows, outs);
}

/* Rows [row, row + rows) of outputs [out, out_end), the next rows of the weight fetched if new. */
INLINE void decode_outs(int type, const product *p, size_t row, size_t out, size_t out_end,
                        int rows, int outs, int fresh) {
    const size_t row_bytes = p->weight.row_bytes;
    for (; out + (size_t)outs <= out_end; out += (size_t)outs) {
        const uint8_t *at = p->weight.bytes + out * row_bytes;
        decode_tile(type, p, row, out, rows, outs, fresh ? at + (size_t)outs * row_bytes : at);
    }
    for (; out < out_end; out++) {
        decode_tile(type, p, row, out, rows, 1, p->weight.bytes + out * row_bytes);
    }
}

INLINE void decode_rows(int type, const product *p, size_t row, size_t out, size_t out_end,
                        int rows, int fresh) {
    const int plain = !is_blocks(type) && type != OFS_F8_E4M3;
    switch (rows) {
    case 1:
        decode_outs(type, p, row, out, out_end, 1, plain ? DECODE_PLAIN_OUTS_1 : DECODE_OUTS_1,
                    fresh);
        break;
    case 2: decode_outs(type, p, row, out, out_end, 2, DECODE_OUTS_2, fresh); break;
    case 3: decode_outs(type, p, row, out, out_end, 3, DECODE_OUTS_4, fresh); break;
    default: decode_outs(type, p, row, out, out_end, 4, DECODE_OUTS_4, fresh); break;
    }
}

/* At most DECODE_ROWS rows, in one turn or two; the second finds the weights in the cache. */
INLINE void decode(int type, const product *p, int rows, size_t out_begin, size_t out_end) {
    const int turns = rows > DECODE_TILE_ROWS ? 2 : 1;
    const size_t block = turns == 1 ? out_end - out_begin : WIDE_OUTS;
    for (size_t out = out_begin; out < out_end; out += block) {
        size_t end = out_end - out < block ? out_end : out + block;
        for (int turn = 0; turn < turns; turn++) {
            int row = rows * turn / turns;
            int count = rows * (turn + 1) / turns - row;
            decode_rows(type, p, (size_t)row, out, end, count, turn == 0);
        }
    }
}

#endif
