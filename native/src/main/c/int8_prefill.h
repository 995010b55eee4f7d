/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * Products of many rows of int8 activations, which arithmetic bounds. The weights of VL outputs and
 * some columns are unpacked and transposed once for all rows, so that a lane is an output and four
 * bytes of activations meet VL outputs in one instruction.
 */
#ifndef OFS_INT8_PREFILL_H
#define OFS_INT8_PREFILL_H

#include "int8.h"

/*
 * What one part of a product has on the stack, at most 54 KiB: threads may have little more.
 * PART_BLOCKS blocks of columns, and the sums of PART_ROWS rows between one part and the next.
 */
enum { PART_BLOCKS = 32, PART_ROWS = 128 };

typedef struct {
    uint8_t bytes[PART_BLOCKS][BLOCK / 4][VL * 4]; /* 4 bytes of each output */
    float scales[PART_BLOCKS][VL];
    float sums[PART_ROWS + INT8_ROWS][LANES][VL];
} int8_part;

/* A part with where it lies: blocks [block, block + blocks) of outputs [out, out + outs). */
typedef struct {
    size_t block, blocks;
    size_t out, outs;
} int8_range;

/* Blocks behind the end of the row become zeros, up to a multiple of LANES; outputs repeat. */
INLINE void int8_unpack(int type, const int8_product *p, const int8_range *range, int8_part *to) {
    const size_t block_bytes = bytes_of(type, BLOCK);
    const uint8_t *rows[VL];
    uint16_t halves_of[VL];
    for (size_t o = 0; o < VL; o++) {
        const size_t out = range->out + (o < range->outs ? o : range->outs - 1);
        rows[o] = p->weight.bytes + out * p->weight.row_bytes + range->block * block_bytes;
    }
    for (size_t b = 0; b < range->blocks; b++) {
        const size_t at = b * block_bytes;
        if (range->block + b >= p->blocks) {
            memset(to->bytes[b], 0, sizeof to->bytes[b]);
            memset(to->scales[b], 0, sizeof to->scales[b]);
            continue;
        }
        vq low[4], high[4];
        UNROLL for (int k = 0; k < 4; k++) {
            low[k] = q_pieces(rows + k, at + 2);
            if (type == OFS_Q8_0) high[k] = q_pieces(rows + k, at + 2 + PIECE);
        }
        q_transpose(low);
        if (type == OFS_Q8_0) q_transpose(high);
        UNROLL for (int k = 0; k < 4; k++) {
            q_store(to->bytes[b][k], type == OFS_Q8_0 ? q_bytes(low[k]) : q_low(low[k]));
            q_store(to->bytes[b][4 + k], type == OFS_Q8_0 ? q_bytes(high[k]) : q_high(low[k]));
        }
        UNROLL for (int o = 0; o < VL; o++) memcpy(halves_of + o, rows[o] + at, 2);
        v_store(to->scales[b], v_load_f16(halves_of));
    }
}

/* The accumulators of INT8_ROWS rows for block % LANES = lane, over the blocks of a part. */
INLINE void int8_sums(int type, const int8_product *p, const int8_range *range,
                      const int8_part *part, const size_t *rows, size_t lane, vf *acc) {
    const uint8_t *x[INT8_ROWS];
    UNROLL for (int r = 0; r < INT8_ROWS; r++) x[r] = p->x + rows[r] * p->x_bytes;
    for (size_t b = lane; b < range->blocks; b += LANES) {
        const size_t block = range->block + b;
        const size_t piece = piece_of(block);
        const size_t scale = p->filled * BLOCK + 4 * block;
        vi dots[INT8_ROWS];
        UNROLL for (int r = 0; r < INT8_ROWS; r++) {
            int32_t sum;
            memcpy(&sum, x[r] + scale + 4 * p->filled, 4);
            dots[r] = offset_bits(type) ? i_sub_shifted(i_set1(0), i_set1(sum), offset_bits(type))
                                        : i_set1(0);
        }
        UNROLL for (size_t k = 0; k < 8; k++) {
            const vq w = q_load(part->bytes[b][k]);
            UNROLL for (int r = 0; r < INT8_ROWS; r++) {
                const size_t at = piece + k / 4 * LANES * PIECE + k % 4 * 4;
                dots[r] = i_dot(type, dots[r], w, q_set1(x[r] + at));
            }
        }
        const vf scales = v_load(part->scales[b]);
        UNROLL for (int r = 0; r < INT8_ROWS; r++) {
            float of;
            memcpy(&of, x[r] + scale, 4);
            acc[r] = v_fma(v_of(dots[r]), v_mul(scales, v_set1(of)), acc[r]);
        }
    }
}

/* The sum of a row's accumulators by halves, as v_fold has it, then the bias. */
INLINE void int8_write(const int8_product *p, const int8_range *range, float sums[LANES][VL],
                       size_t row) {
    vf all[LANES];
    float *y = p->y + row * p->y_stride + range->out;
    UNROLL for (int lane = 0; lane < LANES; lane++) all[lane] = v_load(sums[lane]);
    UNROLL for (int half = LANES / 2; half > 0; half /= 2) {
        UNROLL for (int lane = 0; lane < half; lane++) {
            all[lane] = v_add(all[lane], all[lane + half]);
        }
    }
    if (range->outs == VL) {
        v_store(y, all[0]);
    } else {
        v_store_n(y, all[0], (int)range->outs);
    }
    for (size_t o = 0; p->bias && o < range->outs; o++) {
        y[o] += element(p->bias, p->bias_type, range->out + o);
    }
}

/* Rows [row, row + count) of a part; a tile takes the last row again where it has room. */
INLINE void int8_part_rows(int type, const int8_product *p, const int8_range *range,
                           int8_part *part, size_t row, size_t count) {
    const int first = range->block == 0;
    const int last = range->block + range->blocks >= p->blocks;
    for (size_t r = 0; r < count; r += INT8_ROWS) {
        size_t rows[INT8_ROWS];
        for (size_t n = 0; n < INT8_ROWS; n++) {
            rows[n] = row + (r + n < count ? r + n : count - 1);
        }
        for (size_t lane = 0; lane < LANES; lane++) {
            vf acc[INT8_ROWS];
            UNROLL for (size_t n = 0; n < INT8_ROWS; n++) {
                acc[n] = first ? v_set1(0.0f) : v_load(part->sums[r + n][lane]);
            }
            int8_sums(type, p, range, part, rows, lane, acc);
            UNROLL for (size_t n = 0; n < INT8_ROWS; n++) v_store(part->sums[r + n][lane], acc[n]);
        }
        for (size_t n = 0; last && n < INT8_ROWS && r + n < count; n++) {
            int8_write(p, range, part->sums[r + n], rows[n]);
        }
    }
}

/* Any rows. */
INLINE void int8_prefill(int type, const int8_product *p, size_t rows, size_t out,
                         size_t out_end) {
    int8_part part;
    const size_t filled = (p->blocks + LANES - 1) / LANES * LANES;
    for (; out < out_end; out += VL) {
        for (size_t row = 0; row < rows; row += PART_ROWS) {
            const size_t count = rows - row < PART_ROWS ? rows - row : PART_ROWS;
            for (size_t block = 0; block < filled; block += PART_BLOCKS) {
                const int8_range range = {
                    block, filled - block < PART_BLOCKS ? filled - block : PART_BLOCKS, out,
                    out_end - out < VL ? out_end - out : VL};
                int8_unpack(type, p, &range, &part);
                int8_part_rows(type, p, &range, &part, row, count);
            }
        }
    }
}

#endif
