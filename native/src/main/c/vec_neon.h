/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* NEON of ARMv8-A: 4 lanes, 32 registers. See vec.h. */
#include <arm_neon.h>
#include <string.h>

#define VL 4
#define TILE_ROWS 6
#define TILE_OUTS 4
#define WIDE_OUTS 8
#define DECODE_OUTS_1 8
#define DECODE_PLAIN_OUTS_1 8
#define DECODE_OUTS_2 8
#define DECODE_OUTS_4 4
#define DECODE_PLAIN_ROWS 8
#define TILE_QUERIES 4

typedef float32x4_t vf;

static inline vf v_set1(float a) { return vdupq_n_f32(a); }
/* By bytes: the element loads may assume the alignment of their element. */
static inline vf v_load(const void *p) { return vreinterpretq_f32_u8(vld1q_u8(p)); }
static inline vf v_load_n(const void *p, int n) {
    float lane[4] = {0};
    memcpy(lane, p, 4 * (size_t)n);
    return vld1q_f32(lane);
}
static inline void v_store(float *p, vf a) { vst1q_f32(p, a); }
static inline void v_store_n(float *p, vf a, int n) {
    float lane[4];
    vst1q_f32(lane, a);
    memcpy(p, lane, 4 * (size_t)n);
}

static inline uint16x4_t halves(const void *p, int n) {
    uint16_t lane[4] = {0};
    memcpy(lane, p, 2 * (size_t)n);
    return vld1_u16(lane);
}
static inline vf v_widen_bf16(uint16x4_t a) {
    return vreinterpretq_f32_u32(vshlq_n_u32(vmovl_u16(a), 16));
}
static inline vf v_widen_f16(uint16x4_t a) { return vcvt_f32_f16(vreinterpret_f16_u16(a)); }
static inline uint16x4_t v_load_u16(const void *p) { return vreinterpret_u16_u8(vld1_u8(p)); }
static inline vf v_load_bf16(const void *p) { return v_widen_bf16(v_load_u16(p)); }
static inline vf v_load_bf16_n(const void *p, int n) { return v_widen_bf16(halves(p, n)); }
static inline vf v_load_f16(const void *p) { return v_widen_f16(v_load_u16(p)); }
static inline vf v_load_f16_n(const void *p, int n) { return v_widen_f16(halves(p, n)); }

static inline vf v_set1_f16_at(const void *p) {
    return v_widen_f16(vdup_lane_u16(v_load_u16(p), 0));
}

/* The first n bytes at p, each in a lane. */
static inline uint32x4_t bytes(const void *p, int n) {
    uint8_t lane[8] = {0};
    memcpy(lane, p, (size_t)n);
    return vmovl_u16(vget_low_u16(vmovl_u8(vld1_u8(lane))));
}
static inline vf v_load_i8(const void *p) {
    int32x4_t a = vreinterpretq_s32_u32(vshlq_n_u32(bytes(p, VL), 24));
    return vcvtq_f32_s32(vshrq_n_s32(a, 24));
}
/* q scale - 8 scale, both exact. */
typedef struct {
    vf scale;
    vf offset;
} v_u4_scale;
static inline v_u4_scale v_u4_scale_of(vf scale) {
    return (v_u4_scale){scale, vmulq_n_f32(scale, -8.0f)};
}
static inline vf v_load_u4(const void *p, int high, v_u4_scale scale) {
    uint32x4_t a = bytes(p, VL);
    a = high ? vshrq_n_u32(a, 4) : vandq_u32(a, vdupq_n_u32(15));
    return vfmaq_f32(scale.offset, vcvtq_f32_u32(a), scale.scale);
}
/* Multiplying also normalises subnormals, exactly. */
static inline vf v_load_e4m3_n(const void *p, int n) {
    uint32x4_t a = bytes(p, n);
    uint32x4_t magnitude = vandq_u32(a, vdupq_n_u32(0x7f));
    uint32x4_t none = vceqq_u32(magnitude, vdupq_n_u32(0x7f));
    uint32x4_t sign = vshlq_n_u32(veorq_u32(a, magnitude), 24);
    vf value = vmulq_n_f32(vreinterpretq_f32_u32(vshlq_n_u32(magnitude, 20)), 0x1p120f);
    return vreinterpretq_f32_u32(
        vorrq_u32(vreinterpretq_u32_f32(value), vorrq_u32(none, sign)));
}
static inline vf v_load_e4m3(const void *p) { return v_load_e4m3_n(p, VL); }

static inline vf v_add(vf a, vf b) { return vaddq_f32(a, b); }
static inline vf v_sub(vf a, vf b) { return vsubq_f32(a, b); }
static inline vf v_mul(vf a, vf b) { return vmulq_f32(a, b); }
static inline vf v_div(vf a, vf b) { return vdivq_f32(a, b); }
static inline vf v_fma(vf a, vf b, vf c) { return vfmaq_f32(c, a, b); }
static inline vf v_max(vf a, vf b) { return vmaxq_f32(a, b); }
static inline vf v_min(vf a, vf b) { return vminq_f32(a, b); }
static inline vf v_round(vf a) { return vrndnq_f32(a); }
static inline vf v_pow2(vf n) {
    int32x4_t exponent = vaddq_s32(vcvtq_s32_f32(n), vdupq_n_s32(127));
    return vreinterpretq_f32_s32(vshlq_n_s32(exponent, 23));
}
static inline vf v_select_lt(vf a, vf b, vf yes, vf no) {
    return vbslq_f32(vcltq_f32(a, b), yes, no);
}
static inline float v_sum(vf a) {
    float32x2_t b = vadd_f32(vget_low_f32(a), vget_high_f32(a));
    return vget_lane_f32(b, 0) + vget_lane_f32(b, 1);
}
static inline void v_sum4(vf a, vf b, vf c, vf d, float *to) {
    float32x2_t ab = vpadd_f32(vadd_f32(vget_low_f32(a), vget_high_f32(a)),
                               vadd_f32(vget_low_f32(b), vget_high_f32(b)));
    float32x2_t cd = vpadd_f32(vadd_f32(vget_low_f32(c), vget_high_f32(c)),
                               vadd_f32(vget_low_f32(d), vget_high_f32(d)));
    vst1q_f32(to, vcombine_f32(ab, cd));
}
