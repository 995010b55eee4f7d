/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* AVX2. See dot.h. */
#define INT8_ROWS 4

typedef __m256i vq;
typedef __m256i vi;

static inline vq q_load(const void *p) { return _mm256_loadu_si256(p); }
static inline void q_store(void *p, vq a) { _mm256_storeu_si256(p, a); }
static inline vq q_set1(const void *p) {
    int32_t four;
    memcpy(&four, p, 4);
    return _mm256_set1_epi32(four);
}
static inline vq q_two(const uint8_t *a, const uint8_t *b) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const void *)a)),
                                   _mm_loadu_si128((const void *)b), 1);
}
static inline vq q_pieces(const uint8_t *const *p, size_t at) { return q_two(p[0] + at, p[4] + at); }
static inline vq q_bytes(vq a) { return a; }
static inline vq q_low(vq a) { return _mm256_and_si256(a, _mm256_set1_epi8(15)); }
static inline vq q_high(vq a) { return q_low(_mm256_srli_epi16(a, 4)); }

INLINE int offset_bits(int type) { return type == OFS_Q4_0 ? 3 : 0; }

INLINE void q_blocks(int type, const uint8_t *p, vq *w) {
    if (type == OFS_Q4_0) {
        vq a = q_two(p + 2, p + Q4_0_BYTES + 2);
        w[0] = q_low(a);
        w[1] = q_high(a);
    } else {
        w[0] = q_two(p + 2, p + Q8_0_BYTES + 2);
        w[1] = q_two(p + 2 + PIECE, p + Q8_0_BYTES + 2 + PIECE);
    }
}

INLINE vf v_scales(int type, const uint8_t *const *p) {
    const size_t next = bytes_of(type, BLOCK);
    uint16_t s[VL];
    UNROLL for (int k = 0; k < 4; k++) {
        memcpy(s + k, p[k], 2);
        memcpy(s + 4 + k, p[k] + next, 2);
    }
    return _mm256_cvtph_ps(_mm_setr_epi16((short)s[0], (short)s[1], (short)s[2], (short)s[3],
                                          (short)s[4], (short)s[5], (short)s[6], (short)s[7]));
}

static inline void q_transpose(vq *v) {
    vq a = _mm256_unpacklo_epi32(v[0], v[1]);
    vq b = _mm256_unpackhi_epi32(v[0], v[1]);
    vq c = _mm256_unpacklo_epi32(v[2], v[3]);
    vq d = _mm256_unpackhi_epi32(v[2], v[3]);
    v[0] = _mm256_unpacklo_epi64(a, c);
    v[1] = _mm256_unpackhi_epi64(a, c);
    v[2] = _mm256_unpacklo_epi64(b, d);
    v[3] = _mm256_unpackhi_epi64(b, d);
}

/* Signs go to x: 2 * 128 * 127 fits 16 bits. */
INLINE vi i_dot(int type, vi sum, vq w, vq x) {
    if (type == OFS_Q8_0) {
        x = _mm256_sign_epi8(x, w);
        w = _mm256_abs_epi8(w);
    }
    vi pairs = _mm256_maddubs_epi16(w, x);
    return _mm256_add_epi32(sum, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
}
static inline vi i_set1(int32_t a) { return _mm256_set1_epi32(a); }
INLINE vi i_sub_shifted(vi a, vi b, int bits) {
    return _mm256_sub_epi32(a, _mm256_slli_epi32(b, bits));
}
static inline vf v_of(vi a) { return _mm256_cvtepi32_ps(a); }
static inline vi i_sum4(vi a, vi b, vi c, vi d) {
    return _mm256_hadd_epi32(_mm256_hadd_epi32(a, b), _mm256_hadd_epi32(c, d));
}
static inline vi i_spread(const int32_t *p) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_set1_epi32(p[0])),
                                   _mm_set1_epi32(p[1]), 1);
}
static inline vf v_spread(const float *p) {
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_set1_ps(p[0])), _mm_set1_ps(p[1]), 1);
}
static inline void v_fold(vf a, float *to) {
    _mm_storeu_ps(to, _mm_add_ps(_mm256_castps256_ps128(a), _mm256_extractf128_ps(a, 1)));
}
