/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* Any processor, by the vector extension of GCC and Clang: 4 lanes. See vec.h. */
#include <stdint.h>
#include <string.h>

#define VL 4
#define TILE_ROWS 4
#define TILE_OUTS 2
#define WIDE_OUTS 4
#define DECODE_OUTS_1 4
#define DECODE_PLAIN_OUTS_1 4
#define DECODE_OUTS_2 4
#define DECODE_OUTS_4 2
#define DECODE_PLAIN_ROWS 8
#define TILE_QUERIES 2

typedef float vf __attribute__((vector_size(16)));
typedef int32_t vi __attribute__((vector_size(16)));
typedef uint32_t vu __attribute__((vector_size(16)));
typedef uint16_t vh __attribute__((vector_size(8)));
typedef uint8_t vb __attribute__((vector_size(4)));

static inline vf v_set1(float a) { return (vf){a, a, a, a}; }
static inline vf v_load_n(const void *p, int n) {
    vf result = {0};
    memcpy(&result, p, 4 * (size_t)n);
    return result;
}
static inline vf v_load(const void *p) { return v_load_n(p, VL); }
static inline void v_store_n(float *p, vf a, int n) { memcpy(p, &a, 4 * (size_t)n); }
static inline void v_store(float *p, vf a) { v_store_n(p, a, VL); }

/* The first n halves at p, each in the lower part of a lane. */
static inline vu halves(const void *p, int n) {
    vh half = {0};
    memcpy(&half, p, 2 * (size_t)n);
    return __builtin_convertvector(half, vu);
}
static inline vf v_load_bf16_n(const void *p, int n) { return (vf)(halves(p, n) << 16); }
static inline vf v_load_bf16(const void *p) { return v_load_bf16_n(p, VL); }
/* from_f16 of half.h, lane by lane; comparisons give lanes of all ones or all zeros. */
static inline vf v_load_f16_n(const void *p, int n) {
    vu half = halves(p, n);
    vu magnitude = (half & 0x7fff) << 13;
    vu sign = (half & 0x8000) << 16;
    vu infinite = (vu)(magnitude >= 0x0f800000u) & 0x7f800000u;
    vu finite = (vu)(magnitude < 0x0f800000u);
    vu scaled = (vu)((vf)(magnitude & finite) * 0x1p112f);
    return (vf)(sign | (scaled & finite) | (magnitude & ~finite) | infinite);
}
static inline vf v_load_f16(const void *p) { return v_load_f16_n(p, VL); }
static inline vf v_set1_f16_at(const void *p) {
    vf a = v_load_f16(p);
    return (vf){a[0], a[0], a[0], a[0]};
}

static inline vu bytes(const void *p, int n) {
    vb byte = {0};
    memcpy(&byte, p, (size_t)n);
    return __builtin_convertvector(byte, vu);
}
/* Shifting up and down again extends the sign. */
static inline vf v_load_i8(const void *p) {
    return __builtin_convertvector((vi)(bytes(p, VL) << 24) >> 24, vf);
}
typedef vf v_u4_scale;
static inline v_u4_scale v_u4_scale_of(vf scale) { return scale; }
static inline vf v_load_u4(const void *p, int high, v_u4_scale scale) {
    vu a = bytes(p, VL);
    return __builtin_convertvector((vi)(high ? a >> 4 : a & 15) - 8, vf) * scale;
}
/* Multiplying also normalises subnormals, exactly. */
static inline vf v_load_e4m3_n(const void *p, int n) {
    vu a = bytes(p, n);
    vu magnitude = a & 0x7f;
    vu none = (vu)(magnitude == 0x7f);
    vf value = (vf)(magnitude << 20) * 0x1p120f;
    return (vf)((vu)value | none | (a & 0x80) << 24);
}
static inline vf v_load_e4m3(const void *p) { return v_load_e4m3_n(p, VL); }

static inline vf v_select(vi condition, vf yes, vf no) {
    return (vf)(((vi)yes & condition) | ((vi)no & ~condition));
}

static inline vf v_add(vf a, vf b) { return a + b; }
static inline vf v_sub(vf a, vf b) { return a - b; }
static inline vf v_mul(vf a, vf b) { return a * b; }
static inline vf v_div(vf a, vf b) { return a / b; }
/* Rounds twice: a fused multiply-add is a slow library call where the processor has none. */
static inline vf v_fma(vf a, vf b, vf c) { return a * b + c; }
static inline vf v_max(vf a, vf b) { return v_select(a > b, a, b); }
static inline vf v_min(vf a, vf b) { return v_select(a < b, a, b); }
/* Adding 1.5 * 2^23 leaves no bits for a fraction; right for |a| < 2^22. */
static inline vf v_round(vf a) { return (a + 0x1.8p23f) - 0x1.8p23f; }
static inline vf v_pow2(vf n) { return (vf)((__builtin_convertvector(n, vi) + 127) << 23); }
static inline vf v_select_lt(vf a, vf b, vf yes, vf no) { return v_select(a < b, yes, no); }
static inline float v_sum(vf a) { return (a[0] + a[2]) + (a[1] + a[3]); }
static inline void v_sum4(vf a, vf b, vf c, vf d, float *to) {
    to[0] = v_sum(a);
    to[1] = v_sum(b);
    to[2] = v_sum(c);
    to[3] = v_sum(d);
}
