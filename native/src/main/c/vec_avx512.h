/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* AVX-512 F, BW, DQ, VL: 16 lanes, 32 registers. See vec.h. */
#include <immintrin.h>

#define VL 16
#define TILE_ROWS 6
#define TILE_OUTS 4
#define WIDE_OUTS 8
#define DECODE_OUTS_1 8
#define DECODE_PLAIN_OUTS_1 2
#define DECODE_OUTS_2 8
#define DECODE_OUTS_4 4
#define DECODE_PLAIN_ROWS 8
#define TILE_QUERIES 4

typedef __m512 vf;

static inline __mmask16 lanes(int n) { return (__mmask16)((1u << n) - 1); }

static inline vf v_set1(float a) { return _mm512_set1_ps(a); }
static inline vf v_load(const void *p) { return _mm512_loadu_ps(p); }
static inline vf v_load_n(const void *p, int n) { return _mm512_maskz_loadu_ps(lanes(n), p); }
static inline void v_store(float *p, vf a) { _mm512_storeu_ps(p, a); }
static inline void v_store_n(float *p, vf a, int n) { _mm512_mask_storeu_ps(p, lanes(n), a); }

static inline vf v_widen_bf16(__m256i a) {
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(a), 16));
}
static inline vf v_load_bf16(const void *p) { return v_widen_bf16(_mm256_loadu_si256(p)); }
static inline vf v_load_bf16_n(const void *p, int n) {
    return v_widen_bf16(_mm256_maskz_loadu_epi16(lanes(n), p));
}
static inline vf v_load_f16(const void *p) { return _mm512_cvtph_ps(_mm256_loadu_si256(p)); }
static inline vf v_load_f16_n(const void *p, int n) {
    return _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(lanes(n), p));
}

static inline vf v_set1_f16_at(const void *p) {
    return _mm512_broadcastss_ps(_mm_cvtph_ps(_mm_loadl_epi64(p)));
}
static inline vf v_load_i8(const void *p) {
    return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(p)));
}
/* All 16 values; a permutation looks at the low four bits of an index. */
typedef vf v_u4_scale;
static inline v_u4_scale v_u4_scale_of(vf scale) {
    return _mm512_mul_ps(scale, _mm512_setr_ps(-8, -7, -6, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, 7));
}
static inline vf v_load_u4(const void *p, int high, v_u4_scale scale) {
    __m512i a = _mm512_cvtepu8_epi32(_mm_loadu_si128(p));
    return _mm512_permutexvar_ps(high ? _mm512_srli_epi32(a, 4) : a, scale);
}
/* Multiplying also normalises subnormals, exactly. */
static inline vf v_widen_e4m3(__m128i bytes) {
    __m512i a = _mm512_cvtepu8_epi32(bytes);
    __m512i magnitude = _mm512_and_si512(a, _mm512_set1_epi32(0x7f));
    __m512i sign = _mm512_slli_epi32(_mm512_xor_si512(a, magnitude), 24);
    __mmask16 none = _mm512_cmpeq_epi32_mask(magnitude, _mm512_set1_epi32(0x7f));
    __m512 value = _mm512_mul_ps(_mm512_castsi512_ps(_mm512_slli_epi32(magnitude, 20)),
                                 _mm512_set1_ps(0x1p120f));
    value = _mm512_or_ps(value, _mm512_castsi512_ps(sign));
    return _mm512_mask_mov_ps(value, none, _mm512_castsi512_ps(_mm512_set1_epi32(-1)));
}
static inline vf v_load_e4m3(const void *p) { return v_widen_e4m3(_mm_loadu_si128(p)); }
static inline vf v_load_e4m3_n(const void *p, int n) {
    return v_widen_e4m3(_mm_maskz_loadu_epi8(lanes(n), p));
}

static inline vf v_add(vf a, vf b) { return _mm512_add_ps(a, b); }
static inline vf v_sub(vf a, vf b) { return _mm512_sub_ps(a, b); }
static inline vf v_mul(vf a, vf b) { return _mm512_mul_ps(a, b); }
static inline vf v_div(vf a, vf b) { return _mm512_div_ps(a, b); }
static inline vf v_fma(vf a, vf b, vf c) { return _mm512_fmadd_ps(a, b, c); }
static inline vf v_max(vf a, vf b) { return _mm512_max_ps(a, b); }
static inline vf v_min(vf a, vf b) { return _mm512_min_ps(a, b); }
static inline vf v_round(vf a) {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
}
static inline vf v_pow2(vf n) {
    __m512i exponent = _mm512_add_epi32(_mm512_cvtps_epi32(n), _mm512_set1_epi32(127));
    return _mm512_castsi512_ps(_mm512_slli_epi32(exponent, 23));
}
static inline vf v_select_lt(vf a, vf b, vf yes, vf no) {
    return _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), no, yes);
}
static inline float v_sum(vf a) {
    __m256 b = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
    __m128 c = _mm_add_ps(_mm256_castps256_ps128(b), _mm256_extractf128_ps(b, 1));
    c = _mm_add_ps(c, _mm_movehl_ps(c, c));
    return _mm_cvtss_f32(_mm_add_ss(c, _mm_movehdup_ps(c)));
}
/* Halves of two are added as one, then quarters of four. */
static inline void v_sum4(vf a, vf b, vf c, vf d, float *to) {
    const __m512i firsts = _mm512_castsi128_si512(_mm_setr_epi32(0, 4, 8, 12));
    vf ab = _mm512_add_ps(_mm512_shuffle_f32x4(a, b, 0x44), _mm512_shuffle_f32x4(a, b, 0xee));
    vf cd = _mm512_add_ps(_mm512_shuffle_f32x4(c, d, 0x44), _mm512_shuffle_f32x4(c, d, 0xee));
    vf all = _mm512_add_ps(_mm512_shuffle_f32x4(ab, cd, 0x88), _mm512_shuffle_f32x4(ab, cd, 0xdd));
    all = _mm512_add_ps(all, _mm512_permute_ps(all, 0x4e));
    all = _mm512_add_ps(all, _mm512_movehdup_ps(all));
    _mm_storeu_ps(to, _mm512_castps512_ps128(_mm512_permutexvar_ps(firsts, all)));
}
