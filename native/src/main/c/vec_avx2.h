/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* AVX2, FMA, F16C: 8 lanes, 16 registers. See vec.h. */
#include <immintrin.h>
#include <stdint.h>
#include <string.h>

#define VL 8
#define TILE_ROWS 4
#define TILE_OUTS 3
#define WIDE_OUTS 8
#define DECODE_OUTS_1 8
#define DECODE_PLAIN_OUTS_1 2
#define DECODE_OUTS_2 4
#define DECODE_OUTS_4 2
#define DECODE_PLAIN_ROWS 2
#define TILE_QUERIES 2

typedef __m256 vf;

static inline __m256i lanes(int n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

static inline vf v_set1(float a) { return _mm256_set1_ps(a); }
static inline vf v_load(const void *p) { return _mm256_loadu_ps(p); }
static inline vf v_load_n(const void *p, int n) { return _mm256_maskload_ps(p, lanes(n)); }
static inline void v_store(float *p, vf a) { _mm256_storeu_ps(p, a); }
static inline void v_store_n(float *p, vf a, int n) { _mm256_maskstore_ps(p, lanes(n), a); }

/* The first n halves at p, zeros behind them: there is no masked load of 16-bit lanes here. */
static inline __m128i halves(const void *p, int n) {
    uint16_t lane[8] = {0};
    memcpy(lane, p, 2 * (size_t)n);
    return _mm_loadu_si128((const __m128i *)lane);
}
static inline vf v_widen_bf16(__m128i a) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(a), 16));
}
static inline vf v_load_bf16(const void *p) { return v_widen_bf16(_mm_loadu_si128(p)); }
static inline vf v_load_bf16_n(const void *p, int n) { return v_widen_bf16(halves(p, n)); }
static inline vf v_load_f16(const void *p) { return _mm256_cvtph_ps(_mm_loadu_si128(p)); }
static inline vf v_load_f16_n(const void *p, int n) { return _mm256_cvtph_ps(halves(p, n)); }

static inline vf v_set1_f16_at(const void *p) {
    return _mm256_broadcastss_ps(_mm_cvtph_ps(_mm_loadl_epi64(p)));
}
static inline vf v_load_i8(const void *p) {
    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(p)));
}
/* q scale - 8 scale, both exact. */
typedef struct {
    vf scale;
    vf offset;
} v_u4_scale;
static inline v_u4_scale v_u4_scale_of(vf scale) {
    return (v_u4_scale){scale, _mm256_mul_ps(scale, _mm256_set1_ps(-8.0f))};
}
static inline vf v_load_u4(const void *p, int high, v_u4_scale scale) {
    __m256i a = _mm256_cvtepu8_epi32(_mm_loadl_epi64(p));
    a = high ? _mm256_srli_epi32(a, 4) : _mm256_and_si256(a, _mm256_set1_epi32(15));
    return _mm256_fmadd_ps(_mm256_cvtepi32_ps(a), scale.scale, scale.offset);
}
/* Multiplying also normalises subnormals, exactly. */
static inline vf v_widen_e4m3(__m128i bytes) {
    __m256i a = _mm256_cvtepu8_epi32(bytes);
    __m256i magnitude = _mm256_and_si256(a, _mm256_set1_epi32(0x7f));
    __m256i sign = _mm256_slli_epi32(_mm256_xor_si256(a, magnitude), 24);
    __m256i none = _mm256_cmpeq_epi32(magnitude, _mm256_set1_epi32(0x7f));
    __m256 value = _mm256_mul_ps(_mm256_castsi256_ps(_mm256_slli_epi32(magnitude, 20)),
                                 _mm256_set1_ps(0x1p120f));
    value = _mm256_or_ps(value, _mm256_castsi256_ps(_mm256_or_si256(none, sign)));
    return value;
}
static inline vf v_load_e4m3(const void *p) { return v_widen_e4m3(_mm_loadl_epi64(p)); }
static inline vf v_load_e4m3_n(const void *p, int n) {
    uint8_t lane[8] = {0};
    memcpy(lane, p, (size_t)n);
    return v_load_e4m3(lane);
}

static inline vf v_add(vf a, vf b) { return _mm256_add_ps(a, b); }
static inline vf v_sub(vf a, vf b) { return _mm256_sub_ps(a, b); }
static inline vf v_mul(vf a, vf b) { return _mm256_mul_ps(a, b); }
static inline vf v_div(vf a, vf b) { return _mm256_div_ps(a, b); }
static inline vf v_fma(vf a, vf b, vf c) { return _mm256_fmadd_ps(a, b, c); }
static inline vf v_max(vf a, vf b) { return _mm256_max_ps(a, b); }
static inline vf v_min(vf a, vf b) { return _mm256_min_ps(a, b); }
static inline vf v_round(vf a) {
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
static inline vf v_pow2(vf n) {
    __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23));
}
static inline vf v_select_lt(vf a, vf b, vf yes, vf no) {
    return _mm256_blendv_ps(no, yes, _mm256_cmp_ps(a, b, _CMP_LT_OQ));
}
static inline float v_sum(vf a) {
    __m128 c = _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1));
    c = _mm_add_ps(c, _mm_movehl_ps(c, c));
    return _mm_cvtss_f32(_mm_add_ss(c, _mm_movehdup_ps(c)));
}
/* Halves of two are added as one, then pairs of four. */
static inline void v_sum4(vf a, vf b, vf c, vf d, float *to) {
    vf ab = _mm256_add_ps(_mm256_permute2f128_ps(a, b, 0x20), _mm256_permute2f128_ps(a, b, 0x31));
    vf cd = _mm256_add_ps(_mm256_permute2f128_ps(c, d, 0x20), _mm256_permute2f128_ps(c, d, 0x31));
    vf pairs = _mm256_add_ps(_mm256_unpacklo_ps(ab, cd), _mm256_unpackhi_ps(ab, cd));
    vf all = _mm256_add_ps(pairs, _mm256_permute_ps(pairs, 0x4e));
    _mm_storeu_ps(to, _mm_unpacklo_ps(_mm256_castps256_ps128(all), _mm256_extractf128_ps(all, 1)));
}
