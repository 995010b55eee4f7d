/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * What products multiply. As a rule a lane holds one element: inputs are floats, and weights become
 * floats. Built with OFS_PAIRS a lane holds two neighbouring elements as bfloat16, the first of them
 * in its lower half, and one instruction multiplies and adds both. The loops of a product are the
 * same.
 *
 *   input, STEP                     an input in memory; elements of the inner dimension in a vector
 *   v_inputs(p)                     STEP inputs, any alignment
 *   v_bf16(p)                       STEP weights of type BF16, likewise
 *   v_inputs_n, v_bf16_n            the first n < STEP; the others are 0
 *   v_store_inputs(p, a, n)         the first n <= VL of floats that are bfloat16 values, as inputs
 *   v_dot(a, b, c)                  c and the products of the elements of a lane of a and b; of a
 *                                   pair the second is added first, each product fused, and
 *                                   subnormals are zeros, in and out
 */
#ifndef OFS_INPUTS_H
#define OFS_INPUTS_H

#include "vec.h"

#if defined(OFS_PAIRS)

typedef uint16_t input;

enum { STEP = 2 * VL };

static inline vf v_inputs(const void *p) { return v_load(p); }
static inline vf v_inputs_n(const void *p, int n) {
    return _mm512_castsi512_ps(_mm512_maskz_loadu_epi16(((__mmask32)1 << n) - 1, p));
}
static inline void v_store_inputs(input *p, vf a, int n) {
    const __m512i halves = _mm512_srli_epi32(_mm512_castps_si512(a), 16);
    _mm512_mask_cvtepi32_storeu_epi16(p, lanes(n), halves);
}
static inline vf v_bf16(const void *p) { return v_inputs(p); }
static inline vf v_bf16_n(const void *p, int n) { return v_inputs_n(p, n); }
static inline vf v_dot(vf a, vf b, vf c) {
    return _mm512_dpbf16_ps(c, (__m512bh)_mm512_castps_si512(a), (__m512bh)_mm512_castps_si512(b));
}

#else

typedef float input;

enum { STEP = VL };

static inline vf v_inputs(const void *p) { return v_load(p); }
static inline vf v_inputs_n(const void *p, int n) { return v_load_n(p, n); }
static inline void v_store_inputs(input *p, vf a, int n) {
    if (n == VL) {
        v_store(p, a);
    } else {
        v_store_n(p, a, n);
    }
}
static inline vf v_bf16(const void *p) { return v_load_bf16(p); }
static inline vf v_bf16_n(const void *p, int n) { return v_load_bf16_n(p, n); }
static inline vf v_dot(vf a, vf b, vf c) { return v_fma(a, b, c); }

#endif

#endif
