/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * AVX-512, with VNNI where the compiler may use it; the sums are exact, so the bits are the same.
 * See dot.h. Blocks are whole 16-bit words: permutations of words take them apart.
 */
#define INT8_ROWS 8

typedef __m512i vq;
typedef __m512i vi;

static inline vq q_load(const void *p) { return _mm512_loadu_si512(p); }
static inline void q_store(void *p, vq a) { _mm512_storeu_si512(p, a); }
static inline vq q_set1(const void *p) {
    int32_t four;
    memcpy(&four, p, 4);
    return _mm512_set1_epi32(four);
}
static inline __m128i q_piece(const void *p) { return _mm_loadu_si128(p); }
static inline vq q_pieces(const uint8_t *const *p, size_t at) {
    vq a = _mm512_castsi128_si512(q_piece(p[0] + at));
    a = _mm512_mask_broadcast_i32x4(a, 0x00f0, q_piece(p[4] + at));
    a = _mm512_mask_broadcast_i32x4(a, 0x0f00, q_piece(p[8] + at));
    return _mm512_mask_broadcast_i32x4(a, 0xf000, q_piece(p[12] + at));
}
/* Unsigned is what VNNI takes of one factor. */
static inline vq q_bytes(vq a) {
#if defined(__AVX512VNNI__)
    return _mm512_xor_si512(a, _mm512_set1_epi8(-128));
#else
    return a;
#endif
}
static inline vq q_low(vq a) { return _mm512_and_si512(a, _mm512_set1_epi8(15)); }
static inline vq q_high(vq a) { return q_low(_mm512_srli_epi16(a, 4)); }

INLINE int offset_bits(int type) {
#if defined(__AVX512VNNI__)
    return type == OFS_Q4_0 ? 3 : 7;
#else
    return type == OFS_Q4_0 ? 3 : 0;
#endif
}

/* 32 words: from(l, j) for word j of piece l. */
#define WORDS(from)                                                                                \
    {from(0, 0), from(0, 1), from(0, 2), from(0, 3), from(0, 4), from(0, 5), from(0, 6),           \
     from(0, 7), from(1, 0), from(1, 1), from(1, 2), from(1, 3), from(1, 4), from(1, 5),           \
     from(1, 6), from(1, 7), from(2, 0), from(2, 1), from(2, 2), from(2, 3), from(2, 4),           \
     from(2, 5), from(2, 6), from(2, 7), from(3, 0), from(3, 1), from(3, 2), from(3, 3),           \
     from(3, 4), from(3, 5), from(3, 6), from(3, 7)}
/* Where they lie in blocks one behind the other; the last piece comes by itself where it is cut. */
#define IN_Q4(l, j) ((9 * (l) + 1 + (j)) & 31)
#define IN_Q8_LOW(l, j) (17 * (l) + 1 + (j))
#define IN_Q8_HIGH(l, j) ((17 * (l) + 9 + (j)) & 63)
static const uint16_t q4_words[32] = WORDS(IN_Q4);
static const uint16_t q8_low_words[32] = WORDS(IN_Q8_LOW);
static const uint16_t q8_high_words[32] = WORDS(IN_Q8_HIGH);

INLINE void q_blocks(int type, const uint8_t *p, vq *w) {
    if (type == OFS_Q4_0) {
        vq a = _mm512_permutexvar_epi16(q_load(q4_words), q_load(p));
        a = _mm512_mask_broadcast_i32x4(a, 0xf000, q_piece(p + 56));
        w[0] = q_low(a);
        w[1] = q_high(a);
    } else {
        vq a = q_load(p);
        vq b = q_load(p + 64);
        vq high = _mm512_permutex2var_epi16(a, q_load(q8_high_words), b);
        high = _mm512_mask_broadcast_i32x4(high, 0xf000, q_piece(p + 120));
        w[0] = q_bytes(_mm512_permutex2var_epi16(a, q_load(q8_low_words), b));
        w[1] = q_bytes(high);
    }
}

/* Word 4 l + k: where the scale of block l is, in two vectors of words. */
static const uint16_t q4_scales[16] = {0,  32, 0,  32, 9,  41, 9,  41,
                                       18, 50, 18, 50, 27, 59, 27, 59};
static const uint16_t q8_scales[16] = {0,  0,  0,  0,  17, 17, 17, 17,
                                       34, 34, 34, 34, 51, 51, 51, 51};

INLINE vf v_scales(int type, const uint8_t *const *p) {
    vq all;
    if (type == OFS_Q4_0) {
        const vq words = _mm512_castsi256_si512(_mm256_loadu_si256((const void *)q4_scales));
        vq ab = _mm512_permutex2var_epi16(q_load(p[0]), words, q_load(p[1]));
        vq cd = _mm512_permutex2var_epi16(q_load(p[2]), words, q_load(p[3]));
        all = _mm512_mask_mov_epi16(ab, 0xcccc, cd);
    } else {
        const vq words = _mm512_castsi256_si512(_mm256_loadu_si256((const void *)q8_scales));
        vq a = _mm512_permutex2var_epi16(q_load(p[0]), words, q_load(p[0] + 64));
        vq b = _mm512_permutex2var_epi16(q_load(p[1]), words, q_load(p[1] + 64));
        vq c = _mm512_permutex2var_epi16(q_load(p[2]), words, q_load(p[2] + 64));
        vq d = _mm512_permutex2var_epi16(q_load(p[3]), words, q_load(p[3] + 64));
        a = _mm512_mask_mov_epi16(a, 0x2222, b);
        c = _mm512_mask_mov_epi16(c, 0x8888, d);
        all = _mm512_mask_mov_epi16(a, 0xcccc, c);
    }
    return _mm512_cvtph_ps(_mm512_castsi512_si256(all));
}

static inline void q_transpose(vq *v) {
    vq a = _mm512_unpacklo_epi32(v[0], v[1]);
    vq b = _mm512_unpackhi_epi32(v[0], v[1]);
    vq c = _mm512_unpacklo_epi32(v[2], v[3]);
    vq d = _mm512_unpackhi_epi32(v[2], v[3]);
    v[0] = _mm512_unpacklo_epi64(a, c);
    v[1] = _mm512_unpackhi_epi64(a, c);
    v[2] = _mm512_unpacklo_epi64(b, d);
    v[3] = _mm512_unpackhi_epi64(b, d);
}

INLINE vi i_dot(int type, vi sum, vq w, vq x) {
#if defined(__AVX512VNNI__)
    (void)type;
    return _mm512_dpbusd_epi32(sum, w, x);
#else
    /* Signs go to x: 2 * 128 * 127 fits 16 bits. */
    if (type == OFS_Q8_0) {
        x = _mm512_mask_sub_epi8(x, _mm512_movepi8_mask(w), _mm512_setzero_si512(), x);
        w = _mm512_abs_epi8(w);
    }
    vi pairs = _mm512_maddubs_epi16(w, x);
    return _mm512_add_epi32(sum, _mm512_madd_epi16(pairs, _mm512_set1_epi16(1)));
#endif
}
static inline vi i_set1(int32_t a) { return _mm512_set1_epi32(a); }
static inline vi i_add(vi a, vi b) { return _mm512_add_epi32(a, b); }
INLINE vi i_sub_shifted(vi a, vi b, int bits) {
    return _mm512_sub_epi32(a, _mm512_slli_epi32(b, (unsigned)bits));
}
static inline vf v_of(vi a) { return _mm512_cvtepi32_ps(a); }
static inline vi i_sum4(vi a, vi b, vi c, vi d) {
    vi ab = i_add(_mm512_unpacklo_epi32(a, b), _mm512_unpackhi_epi32(a, b));
    vi cd = i_add(_mm512_unpacklo_epi32(c, d), _mm512_unpackhi_epi32(c, d));
    return i_add(_mm512_unpacklo_epi64(ab, cd), _mm512_unpackhi_epi64(ab, cd));
}
static inline vi i_spread(const int32_t *p) {
    const vi fours = _mm512_setr_epi32(0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3);
    return _mm512_permutexvar_epi32(fours, _mm512_broadcast_i32x4(q_piece(p)));
}
static inline vf v_spread(const float *p) {
    return _mm512_castsi512_ps(i_spread((const int32_t *)p));
}
static inline void v_fold(vf a, float *to) {
    __m256 b = _mm256_add_ps(_mm512_castps512_ps256(a), _mm512_extractf32x8_ps(a, 1));
    _mm_storeu_ps(to, _mm_add_ps(_mm256_castps256_ps128(b), _mm256_extractf128_ps(b, 1)));
}
