/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * Activations in int8, and what their products share. A row has, for its blocks of 32 and as many of
 * zeros as fill the last OFS_INT8_BLOCKS,
 *   bytes: LANES blocks side by side, first elements 0 to 15 of each, then the others;
 *   scales: float32, one for each block;
 *   sums: int32, the sum of each block's bytes.
 *
 * Whatever the tile, an element's sum is made the same way: LANES float32 accumulators, block b in
 * number b % LANES, each with acc = fma(dot, scale of the weight * scale of the activations, acc)
 * from the first block to the last, blocks of zeros included; then their sum by halves, then the
 * bias. Dots are exact, so only the number of lanes of an instruction set shows in the bits.
 */
#ifndef OFS_INT8_H
#define OFS_INT8_H

#include "dot.h"

typedef struct {
    const uint8_t *x;
    size_t x_bytes; /* of a row */
    size_t blocks;  /* of a row, without what fills it */
    size_t filled;  /* with it */
    weights weight;
    const uint8_t *bias;
    int bias_type;
    float *y;
    size_t y_stride;
} int8_product;

INLINE size_t filled_blocks(size_t in) {
    return (in / BLOCK + OFS_INT8_BLOCKS - 1) / OFS_INT8_BLOCKS * OFS_INT8_BLOCKS;
}

/* Where the first half of a block lies; the second is LANES pieces behind. */
INLINE size_t piece_of(size_t block) {
    return block / LANES * LANES * BLOCK + block % LANES * PIECE;
}
INLINE const float *scales_of(const int8_product *p, size_t row) {
    return (const float *)(p->x + row * p->x_bytes + p->filled * BLOCK);
}
INLINE const int32_t *sums_of(const int8_product *p, size_t row) {
    return (const int32_t *)(scales_of(p, row) + p->filled);
}

/* Below this a block's largest magnitude counts as 0: its inverse would overflow. */
#define LEAST_MAGNITUDE 0x1p-110f

static void quantize_block(const float *x, uint8_t *to, float *scale, int32_t *sum) {
    float steps[BLOCK];
    int8_t q[BLOCK];
    uint32_t most = 0; /* as bits, which have the order of magnitudes, NaN above infinity */
    for (int i = 0; i < BLOCK; i++) {
        uint32_t magnitude = bits_of_float(x[i]) & 0x7fffffffu;
        most = most > magnitude ? most : magnitude;
    }
    const float magnitude = float_of_bits(most);
    const int finite = most < 0x7f800000u;
    const float inverse = finite && magnitude >= LEAST_MAGNITUDE ? 127.0f / magnitude : 0.0f;
    const float zero_or_nan = finite ? 0.0f : float_of_bits(0x7fc00000u);
    *scale = inverse != 0.0f ? magnitude / 127.0f : zero_or_nan;
    *sum = 0;
    if (inverse == 0.0f) {
        memset(q, 0, BLOCK);
    } else {
        for (int i = 0; i < BLOCK; i += VL) {
            v_store(steps + i, v_round(v_mul(v_load(x + i), v_set1(inverse))));
        }
        int32_t total = 0;
        for (int i = 0; i < BLOCK; i++) {
            const int32_t step = (int32_t)steps[i];
            q[i] = (int8_t)step;
            total += step;
        }
        *sum = total;
    }
    memcpy(to, q, PIECE);
    memcpy(to + LANES * PIECE, q + PIECE, PIECE);
}

static void quantize_rows(const float *x, int32_t rows, int32_t in, void *y) {
    const size_t blocks = (size_t)in / BLOCK;
    const size_t filled = filled_blocks((size_t)in);
    uint8_t *row = y;
    for (int32_t r = 0; r < rows; r++) {
        float *scales = (float *)(row + filled * BLOCK);
        int32_t *sums = (int32_t *)(scales + filled);
        for (size_t b = 0; b < blocks; b++, x += BLOCK) {
            quantize_block(x, row + piece_of(b), scales + b, sums + b);
        }
        for (size_t b = blocks; b < filled; b++) {
            memset(row + piece_of(b), 0, PIECE);
            memset(row + piece_of(b) + LANES * PIECE, 0, PIECE);
            scales[b] = 0.0f;
            sums[b] = 0;
        }
        row += OFS_INT8_ROW_BYTES(in);
    }
}

#endif
