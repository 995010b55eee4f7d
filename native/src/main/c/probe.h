/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* The limits of the machine: what no kernel passes. Written to do nothing else, so that a share of
 * them says how much a kernel leaves unused. */
#include "vec.h"

/* As many chains as hide the latency of an addition, in the registers of every instruction set. */
enum { READ_CHAINS = 8, FMA_CHAINS = 12 };

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
    vf sums[FMA_CHAINS];
    /* Read back from memory, so that no compiler knows the products beforehand. */
    volatile float factor = 0.999f;
    const vf a = v_set1(factor), b = v_set1(1.0f - factor);
    UNROLL for (int c = 0; c < FMA_CHAINS; c++) sums[c] = v_set1((float)c);
    for (int64_t i = 0; i < rounds; i++) {
        UNROLL for (int c = 0; c < FMA_CHAINS; c++) sums[c] = v_fma(sums[c], a, b);
    }
    UNROLL for (int c = 1; c < FMA_CHAINS; c++) sums[0] = v_add(sums[0], sums[c]);
    *result = v_sum(sums[0]);
    return rounds * FMA_CHAINS * VL * 2;
}
