/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* The limits of the machine: what no kernel passes. Written to do nothing else, so that a share of
 * them says how much a kernel leaves unused. */
#include "vec.h"

/* Chains that hide the latency of an addition, in the registers of every instruction set. */
enum { READ_CHAINS = 8 };

/* As many chains of multiply-adds as the products have, in rows of FMA_CHAINS: with fewer a kernel
 * could pass the limit where 4 such instructions begin per cycle. 12 fit 16 registers, 24 fit 32. */
enum { FMA_CHAINS = 4, FMA_ROWS = TILE_ROWS * TILE_OUTS < 24 ? 3 : 6 };

/* One sequential stream: more of them at once are slower on the machines that were tried. */
static float probe_read(const void *from, int64_t bytes) {
    enum { STEP = READ_CHAINS * VL * 4 };
    const uint8_t *at = from;
    vf sums[READ_CHAINS];
    UNROLL for (int c = 0; c < READ_CHAINS; c++) sums[c] = v_set1(0.0f);
    for (int64_t i = 0; i + STEP <= bytes; i += STEP, at += STEP) {
        UNROLL for (int c = 0; c < READ_CHAINS; c++) {
            sums[c] = v_add(sums[c], v_load(at + (size_t)c * VL * 4));
        }
    }
    UNROLL for (int c = 1; c < READ_CHAINS; c++) sums[0] = v_add(sums[0], sums[c]);
    return v_sum(sums[0]);
}

static int64_t probe_fma(int64_t rounds, float *result) {
    vf sums[FMA_ROWS][FMA_CHAINS];
    /* Read back from memory, so that no compiler knows the products beforehand. */
    volatile float factor = 0.999f;
    const vf a = v_set1(factor), b = v_set1(1.0f - factor);
    UNROLL for (int r = 0; r < FMA_ROWS; r++) {
        UNROLL for (int c = 0; c < FMA_CHAINS; c++) {
            sums[r][c] = v_set1((float)(r * FMA_CHAINS + c));
        }
    }
    for (int64_t i = 0; i < rounds; i++) {
        UNROLL for (int r = 0; r < FMA_ROWS; r++) {
            UNROLL for (int c = 0; c < FMA_CHAINS; c++) sums[r][c] = v_fma(sums[r][c], a, b);
        }
    }
    vf total = v_set1(0.0f);
    UNROLL for (int r = 0; r < FMA_ROWS; r++) {
        UNROLL for (int c = 0; c < FMA_CHAINS; c++) total = v_add(total, sums[r][c]);
    }
    *result = v_sum(total);
    return rounds * FMA_ROWS * FMA_CHAINS * VL * 2;
}
