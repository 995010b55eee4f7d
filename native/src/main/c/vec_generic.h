/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* Plain C for any processor: 8 lanes, each an element of an array. See vec.h. */
#include "half.h"

#define VL 8
#define TILE_ROWS 1
#define TILE_OUTS 2
#define WIDE_OUTS 2

typedef struct {
    float lane[VL];
} vf;

#define EACH_LANE(expression)                                                                      \
    vf result;                                                                                     \
    for (int i = 0; i < VL; i++) result.lane[i] = (expression);                                    \
    return result

static inline vf v_set1(float a) { EACH_LANE(a); }
static inline vf v_load_n(const void *p, int n) {
    vf result = {{0}};
    memcpy(result.lane, p, 4 * (size_t)n);
    return result;
}
static inline vf v_load(const void *p) {
    vf result;
    memcpy(&result, p, sizeof result);
    return result;
}
static inline void v_store_n(float *p, vf a, int n) { memcpy(p, a.lane, 4 * (size_t)n); }
static inline void v_store(float *p, vf a) { memcpy(p, &a, sizeof a); }

static inline vf v_load_bf16_n(const void *p, int n) {
    uint16_t half[VL] = {0};
    memcpy(half, p, 2 * (size_t)n);
    EACH_LANE(from_bf16(half[i]));
}
static inline vf v_load_bf16(const void *p) { return v_load_bf16_n(p, VL); }
static inline vf v_load_f16_n(const void *p, int n) {
    uint16_t half[VL] = {0};
    memcpy(half, p, 2 * (size_t)n);
    EACH_LANE(from_f16(half[i]));
}
static inline vf v_load_f16(const void *p) { return v_load_f16_n(p, VL); }

static inline vf v_add(vf a, vf b) { EACH_LANE(a.lane[i] + b.lane[i]); }
static inline vf v_sub(vf a, vf b) { EACH_LANE(a.lane[i] - b.lane[i]); }
static inline vf v_mul(vf a, vf b) { EACH_LANE(a.lane[i] * b.lane[i]); }
static inline vf v_div(vf a, vf b) { EACH_LANE(a.lane[i] / b.lane[i]); }
/* Rounds twice: a fused multiply-add is a slow library call where the processor has none. */
static inline vf v_fma(vf a, vf b, vf c) { EACH_LANE(a.lane[i] * b.lane[i] + c.lane[i]); }
static inline vf v_max(vf a, vf b) { EACH_LANE(a.lane[i] > b.lane[i] ? a.lane[i] : b.lane[i]); }
static inline vf v_min(vf a, vf b) { EACH_LANE(a.lane[i] < b.lane[i] ? a.lane[i] : b.lane[i]); }
/* Adding 1.5 * 2^23 leaves no bits for a fraction; right for |a| < 2^22. */
static inline vf v_round(vf a) { EACH_LANE((a.lane[i] + 0x1.8p23f) - 0x1.8p23f); }
static inline vf v_pow2(vf n) {
    EACH_LANE(float_of_bits((uint32_t)((int32_t)n.lane[i] + 127) << 23));
}
static inline vf v_select_lt(vf a, vf b, vf yes, vf no) {
    EACH_LANE(a.lane[i] < b.lane[i] ? yes.lane[i] : no.lane[i]);
}
static inline float v_sum(vf a) {
    float even = (a.lane[0] + a.lane[4]) + (a.lane[2] + a.lane[6]);
    float odd = (a.lane[1] + a.lane[5]) + (a.lane[3] + a.lane[7]);
    return even + odd;
}
