/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * A block of BF16_PACKED: 32 weights in the order of the columns, those with an escape
 * code left wrong. PackedBf16.java has the layout; it is made so that one byte shuffle finds the 32
 * high bytes in the order of the low ones, and interleaving them puts the columns in order.
 *
 *   vtable, v_table(p)              the 16 high bytes at p, ready to be looked up
 *   v_unpack(p, table, to)          the block at p as 32 bf16
 *   v_load_packed(p, table, v)      columns [v STEP, (v + 1) STEP) of the block at p; v is a constant
 *                                   wherever this is inlined, and what all vectors of a block share
 *                                   is computed once
 */
#ifndef OFS_PACKED_BLOCK_H
#define OFS_PACKED_BLOCK_H

#include "weights.h"

enum { PACKED_LOW = 16 };

#if defined(OFS_ISA_AVX512) || defined(OFS_ISA_AVX2)

typedef __m256i vtable;

static inline vtable v_table(const uint8_t *p) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)p));
}

/* 16 columns as bf16: 0 to 3 and 8 to 11 in the lower half, 4 to 7 and 12 to 15 in the upper. */
static inline __m256i packed_words(const uint8_t *p, vtable table, int upper) {
    const __m128i codes = _mm_loadu_si128((const __m128i *)p);
    const __m256i low = _mm256_loadu_si256((const __m256i *)(p + PACKED_LOW));
    __m256i each = _mm256_inserti128_si256(_mm256_castsi128_si256(codes),
                                           _mm_srli_epi16(codes, 4), 1);
    each = _mm256_and_si256(each, _mm256_set1_epi8(15));
    const __m256i high = _mm256_shuffle_epi8(table, each);
    return upper ? _mm256_unpackhi_epi8(low, high) : _mm256_unpacklo_epi8(low, high);
}

static inline void v_unpack(const uint8_t *p, vtable table, uint16_t *to) {
    for (int i = 0; i < 2; i++) {
        const __m256i words = _mm256_permute4x64_epi64(packed_words(p, table, i), 0xd8);
        _mm256_storeu_si256((__m256i *)(to + 16 * i), words);
    }
}

#if defined(OFS_PAIRS)
static inline vf v_load_packed(const uint8_t *p, vtable table, int v) {
    const __m512i order = _mm512_setr_epi64(0, 2, 1, 3, 8, 10, 9, 11);
    const __m512i lower = _mm512_castsi256_si512(packed_words(p, table, 2 * v));
    const __m512i upper = _mm512_castsi256_si512(packed_words(p, table, 2 * v + 1));
    return _mm512_castsi512_ps(_mm512_permutex2var_epi64(lower, order, upper));
}
#elif defined(OFS_ISA_AVX512)
static inline vf v_load_packed(const uint8_t *p, vtable table, int v) {
    const __m512i order = _mm512_set_epi16(15, 0, 14, 0, 13, 0, 12, 0, 7, 0, 6, 0, 5, 0, 4, 0, 11,
                                           0, 10, 0, 9, 0, 8, 0, 3, 0, 2, 0, 1, 0, 0, 0);
    const __m512i words = _mm512_castsi256_si512(packed_words(p, table, v));
    return _mm512_castsi512_ps(_mm512_maskz_permutexvar_epi16(0xaaaaaaaau, order, words));
}
#else
static inline vf v_load_packed(const uint8_t *p, vtable table, int v) {
    const __m256i zero = _mm256_setzero_si256();
    const __m256i words = packed_words(p, table, v >> 1);
    return _mm256_castsi256_ps(v & 1 ? _mm256_unpackhi_epi16(zero, words)
                                     : _mm256_unpacklo_epi16(zero, words));
}
#endif

#elif defined(OFS_ISA_NEON)

typedef uint8x16_t vtable;

static inline vtable v_table(const uint8_t *p) { return vld1q_u8(p); }

/* 8 columns as bf16: 4 from 16 half + 4 upper on, and 4 from 8 columns further on. */
static inline uint16x8_t packed_words(const uint8_t *p, vtable table, int half, int upper) {
    const uint8x16_t codes = vld1q_u8(p);
    const uint8x16_t each = upper ? vshrq_n_u8(codes, 4) : vandq_u8(codes, vdupq_n_u8(15));
    const uint8x16_t high = vqtbl1q_u8(table, each);
    const uint8x16_t low = vld1q_u8(p + PACKED_LOW + 16 * upper);
    return vreinterpretq_u16_u8(half ? vzip2q_u8(low, high) : vzip1q_u8(low, high));
}

static inline void v_unpack(const uint8_t *p, vtable table, uint16_t *to) {
    for (int i = 0; i < 2; i++) {
        const uint64x2_t lower = vreinterpretq_u64_u16(packed_words(p, table, i, 0));
        const uint64x2_t upper = vreinterpretq_u64_u16(packed_words(p, table, i, 1));
        vst1q_u16(to + 16 * i, vreinterpretq_u16_u64(vzip1q_u64(lower, upper)));
        vst1q_u16(to + 16 * i + 8, vreinterpretq_u16_u64(vzip2q_u64(lower, upper)));
    }
}

static inline vf v_load_packed(const uint8_t *p, vtable table, int v) {
    const uint16x8_t words = packed_words(p, table, v >> 2, v & 1);
    const uint16x8_t zero = vdupq_n_u16(0);
    return vreinterpretq_f32_u16(v & 2 ? vzip2q_u16(zero, words) : vzip1q_u16(zero, words));
}

#else

typedef struct {
    uint8_t high[16];
} vtable;

static inline vtable v_table(const uint8_t *p) {
    vtable table;
    memcpy(&table, p, 16);
    return table;
}

/* Column 8 group + 4 upper + k of a block. */
static inline uint16_t packed_word(const uint8_t *p, vtable table, int group, int upper, int k) {
    const int code = p[4 * group + k] >> (4 * upper) & 15;
    return (uint16_t)(table.high[code] << 8 | p[PACKED_LOW + 16 * upper + 4 * group + k]);
}

static inline void v_unpack(const uint8_t *p, vtable table, uint16_t *to) {
    for (int i = 0; i < BLOCK; i++) to[i] = packed_word(p, table, i / 8, i % 8 / 4, i % 4);
}

static inline vf v_load_packed(const uint8_t *p, vtable table, int v) {
    vu words;
    for (int k = 0; k < VL; k++) words[k] = packed_word(p, table, v / 2, v % 2, k);
    return (vf)(words << 16);
}

#endif

#endif
