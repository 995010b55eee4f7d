/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* Activations rounded to bfloat16, as the inputs of inputs.h: floats, or halves of pairs. */
#ifndef OFS_ROUND_H
#define OFS_ROUND_H

#include "inputs.h"

typedef uint32_t vbits __attribute__((vector_size(4 * VL)));

/* As to_bf16 of half.h: to nearest even, and NaN keeps its upper bits and becomes quiet. */
INLINE vf v_round_bf16(vf a) {
    const vbits bits = (vbits)a;
    const vbits none = (vbits)((bits & 0x7fffffffu) > 0x7f800000u);
    const vbits nearest = bits + 0x7fff + ((bits >> 16) & 1);
    return (vf)(((none & (bits | 0x400000)) | (~none & nearest)) & 0xffff0000u);
}

static void round_inputs(const float *x, int64_t count, void *y) {
    input *to = y;
    int64_t i = 0;
    for (; i + VL <= count; i += VL) v_store_inputs(to + i, v_round_bf16(v_load(x + i)), VL);
    if (i < count) {
        const int n = (int)(count - i);
        v_store_inputs(to + i, v_round_bf16(v_load_n(x + i, n)), n);
    }
}

#endif
