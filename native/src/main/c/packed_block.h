/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * A block of BF16_PACKED as floats: 32 weights in the order of the columns, those with an escape
 * code left wrong. PackedBf16.java has the layout; it is made so that one byte shuffle finds the 32
 * high bytes in the order of the low ones, and interleaving them puts the columns in order.
 *
 *   vtable, v_table(p)              the 16 high bytes at p, ready to be looked up
 *   v_load_packed(p, table, w)      w[i]: columns [i VL, (i + 1) VL) of the block at p
 */
#ifndef OFS_PACKED_BLOCK_H
#define OFS_PACKED_BLOCK_H

#include "weights.h"

enum { PACKED_LOW = 16, PACKED_VECTORS = BLOCK_VECTORS };

#if defined(OFS_ISA_AVX512) || defined(OFS_ISA_AVX2)

typedef __m256i vtable;

static inline vtable v_table(const uint8_t *p) {
    return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)p));
}

/* The 32 weights as bf16, words in the order that the layout says: columns 0 to 3 and 8 to 11 of
 * each half, then 4 to 7 and 12 to 15. */
static inline void packed_words(const uint8_t *p, vtable table, __m256i *first, __m256i *second) {
    const __m128i codes = _mm_loadu_si128((const __m128i *)p);
    const __m256i low = _mm256_loadu_si256((const __m256i *)(p + PACKED_LOW));
    __m256i each = _mm256_inserti128_si256(_mm256_castsi128_si256(codes),
                                           _mm_srli_epi16(codes, 4), 1);
    each = _mm256_and_si256(each, _mm256_set1_epi8(15));
    const __m256i high = _mm256_shuffle_epi8(table, each);
    *first = _mm256_unpacklo_epi8(low, high);
    *second = _mm256_unpackhi_epi8(low, high);
}

#if defined(OFS_ISA_AVX512)
static inline void v_load_packed(const uint8_t *p, vtable table, vf *w) {
    const __m512i order = _mm512_set_epi16(15, 0, 14, 0, 13, 0, 12, 0, 7, 0, 6, 0, 5, 0, 4, 0, 11,
                                           0, 10, 0, 9, 0, 8, 0, 3, 0, 2, 0, 1, 0, 0, 0);
    const __mmask32 upper = 0xaaaaaaaau;
    __m256i first, second;
    packed_words(p, table, &first, &second);
    w[0] = _mm512_castsi512_ps(
        _mm512_maskz_permutexvar_epi16(upper, order, _mm512_castsi256_si512(first)));
    w[1] = _mm512_castsi512_ps(
        _mm512_maskz_permutexvar_epi16(upper, order, _mm512_castsi256_si512(second)));
}
#else
static inline void v_load_packed(const uint8_t *p, vtable table, vf *w) {
    const __m256i zero = _mm256_setzero_si256();
    __m256i first, second;
    packed_words(p, table, &first, &second);
    w[0] = _mm256_castsi256_ps(_mm256_unpacklo_epi16(zero, first));
    w[1] = _mm256_castsi256_ps(_mm256_unpackhi_epi16(zero, first));
    w[2] = _mm256_castsi256_ps(_mm256_unpacklo_epi16(zero, second));
    w[3] = _mm256_castsi256_ps(_mm256_unpackhi_epi16(zero, second));
}
#endif

#elif defined(OFS_ISA_NEON)

typedef uint8x16_t vtable;

static inline vtable v_table(const uint8_t *p) { return vld1q_u8(p); }

/* Words of 4 columns each from two of them, as floats. */
static inline void packed_floats(uint8x16_t low, uint8x16_t high, vf *w) {
    const uint16x8_t zero = vdupq_n_u16(0);
    const uint16x8_t first = vreinterpretq_u16_u8(vzip1q_u8(low, high));
    const uint16x8_t second = vreinterpretq_u16_u8(vzip2q_u8(low, high));
    w[0] = vreinterpretq_f32_u16(vzip1q_u16(zero, first));
    w[2] = vreinterpretq_f32_u16(vzip2q_u16(zero, first));
    w[4] = vreinterpretq_f32_u16(vzip1q_u16(zero, second));
    w[6] = vreinterpretq_f32_u16(vzip2q_u16(zero, second));
}
static inline void v_load_packed(const uint8_t *p, vtable table, vf *w) {
    const uint8x16_t codes = vld1q_u8(p);
    const uint8x16_t lower = vqtbl1q_u8(table, vandq_u8(codes, vdupq_n_u8(15)));
    const uint8x16_t upper = vqtbl1q_u8(table, vshrq_n_u8(codes, 4));
    packed_floats(vld1q_u8(p + PACKED_LOW), lower, w);
    packed_floats(vld1q_u8(p + PACKED_LOW + 16), upper, w + 1);
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
static inline void v_load_packed(const uint8_t *p, vtable table, vf *w) {
    for (int i = 0; i < PACKED_VECTORS; i++) {
        const int begin = i / 2 * 4, upper = i % 2;
        vu bits;
        for (int k = 0; k < VL; k++) {
            const int code = p[begin + k] >> (4 * upper) & 15;
            const uint32_t low = p[PACKED_LOW + 16 * upper + begin + k];
            bits[k] = (uint32_t)table.high[code] << 24 | low << 16;
        }
        w[i] = (vf)bits;
    }
}

#endif

#endif
