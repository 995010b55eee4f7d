/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* NEON, with its dot product where the compiler may use it; the bits are the same. See dot.h. */
#define INT8_ROWS 8

typedef int8x16_t vq;
typedef int32x4_t vi;

static inline vq q_load(const void *p) { return vreinterpretq_s8_u8(vld1q_u8(p)); }
static inline void q_store(void *p, vq a) { vst1q_u8(p, vreinterpretq_u8_s8(a)); }
static inline vq q_set1(const void *p) {
    int32_t four;
    memcpy(&four, p, 4);
    return vreinterpretq_s8_s32(vdupq_n_s32(four));
}
static inline vq q_pieces(const uint8_t *const *p, size_t at) { return q_load(p[0] + at); }
static inline vq q_bytes(vq a) { return a; }
static inline vq q_low(vq a) { return vsubq_s8(vandq_s8(a, vdupq_n_s8(15)), vdupq_n_s8(8)); }
static inline vq q_high(vq a) {
    uint8x16_t high = vshrq_n_u8(vreinterpretq_u8_s8(a), 4);
    return vsubq_s8(vreinterpretq_s8_u8(high), vdupq_n_s8(8));
}

INLINE int offset_bits(int type) {
    (void)type;
    return 0;
}

INLINE void q_blocks(int type, const uint8_t *p, vq *w) {
    vq a = q_load(p + 2);
    w[0] = type == OFS_Q4_0 ? q_low(a) : a;
    w[1] = type == OFS_Q4_0 ? q_high(a) : q_load(p + 2 + PIECE);
}

INLINE vf v_scales(int type, const uint8_t *const *p) {
    uint16_t s[4];
    (void)type;
    UNROLL for (int k = 0; k < 4; k++) memcpy(s + k, p[k], 2);
    return v_load_f16(s);
}

static inline void q_transpose(vq *v) {
    int32x4_t a = vreinterpretq_s32_s8(v[0]), b = vreinterpretq_s32_s8(v[1]);
    int32x4_t c = vreinterpretq_s32_s8(v[2]), d = vreinterpretq_s32_s8(v[3]);
    int64x2_t ab = vreinterpretq_s64_s32(vzip1q_s32(a, b));
    int64x2_t ab_high = vreinterpretq_s64_s32(vzip2q_s32(a, b));
    int64x2_t cd = vreinterpretq_s64_s32(vzip1q_s32(c, d));
    int64x2_t cd_high = vreinterpretq_s64_s32(vzip2q_s32(c, d));
    v[0] = vreinterpretq_s8_s64(vzip1q_s64(ab, cd));
    v[1] = vreinterpretq_s8_s64(vzip2q_s64(ab, cd));
    v[2] = vreinterpretq_s8_s64(vzip1q_s64(ab_high, cd_high));
    v[3] = vreinterpretq_s8_s64(vzip2q_s64(ab_high, cd_high));
}

INLINE vi i_dot(int type, vi sum, vq w, vq x) {
    (void)type;
#if defined(__ARM_FEATURE_DOTPROD)
    return vdotq_s32(sum, w, x);
#else
    int32x4_t low = vpaddlq_s16(vmull_s8(vget_low_s8(w), vget_low_s8(x)));
    int32x4_t high = vpaddlq_s16(vmull_high_s8(w, x));
    return vaddq_s32(sum, vpaddq_s32(low, high));
#endif
}
static inline vi i_set1(int32_t a) { return vdupq_n_s32(a); }
INLINE vi i_sub_shifted(vi a, vi b, int bits) {
    return vsubq_s32(a, vshlq_s32(b, vdupq_n_s32(bits)));
}
static inline vf v_of(vi a) { return vcvtq_f32_s32(a); }
static inline vi i_sum4(vi a, vi b, vi c, vi d) {
    return vpaddq_s32(vpaddq_s32(a, b), vpaddq_s32(c, d));
}
static inline vi i_spread(const int32_t *p) { return vdupq_n_s32(*p); }
static inline vf v_spread(const float *p) { return vdupq_n_f32(*p); }
static inline void v_fold(vf a, float *to) { v_store(to, a); }
