/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * The vectors that kernels are written in: VL float lanes of type vf, and the tile shape that fits
 * the registers: TILE_ROWS x TILE_OUTS accumulators where floats are multiplied, n x DECODE_OUTS_n
 * (WIDE_OUTS the most) where weights of n rows are converted on the way, which pays for at most
 * DECODE_PLAIN_ROWS rows if the weights are not in blocks; one row of weights that are
 * read as they are has DECODE_PLAIN_OUTS_1 outputs, on AVX2 and AVX-512 the fewest that keep up with
 * memory. TILE_QUERIES x 4 in attention.
 *
 *   v_set1, v_load, v_store         any alignment
 *   v_load_n, v_store_n             the first n < VL lanes; the others load as 0
 *   v_load_bf16, v_load_f16 (_n)    widened exactly
 *   v_load_e4m3 (_n)                likewise: 4 bits of exponent, 3 of mantissa, no infinity, 0x7f
 *                                   is NaN; as a float32 its exponent is biased by 120 less
 *   v_load_i8                       VL int8
 *   v_set1_f16_at(p)                the half at p in all lanes; 8 bytes may be read
 *   v_load_u4(p, high, scale)       VL bytes: their high halves, or the low ones, less 8, times
 *                                   v_u4_scale_of(the scale in all lanes)
 *   v_add v_sub v_mul v_div         lane by lane
 *   v_fma(a, b, c)                  a * b + c
 *   v_max(a, b), v_min(a, b)        b where a lane is NaN
 *   v_round                         to an integer, ties to even
 *   v_pow2(n)                       2^n for integral n in [-126, 127]
 *   v_select_lt(a, b, yes, no)      a < b ? yes : no
 *   v_sum                           all lanes, in a fixed order
 *   v_sum4(a, b, c, d, to)          four of these to memory, the same bits with fewer operations
 */
#ifndef OFS_VEC_H
#define OFS_VEC_H

#include <stddef.h>

#include "kernels.h"

#if defined(OFS_ISA_AVX512)
#include "vec_avx512.h"
#elif defined(OFS_ISA_AVX2)
#include "vec_avx2.h"
#elif defined(OFS_ISA_NEON)
#include "vec_neon.h"
#else
#include "vec_generic.h"
#endif

#include "half.h"

/* No kernel allocates: from here on these names do not compile. */
#undef alloca
#pragma GCC poison malloc calloc realloc aligned_alloc alloca free

#define INLINE static inline __attribute__((always_inline))

/* Loops over registers: unrolled whole, or the accumulators would live in memory. */
#if defined(__clang__)
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

INLINE size_t size_of(int type) { return type == OFS_F32 ? 4 : type == OFS_F8_E4M3 ? 1 : 2; }

/* VL elements at p as floats. type is a constant wherever this is inlined into a loop. */
INLINE vf load_as(const uint8_t *p, int type) {
    return type == OFS_F32       ? v_load(p)
           : type == OFS_BF16    ? v_load_bf16(p)
           : type == OFS_F8_E4M3 ? v_load_e4m3(p)
                                 : v_load_f16(p);
}

INLINE vf load_as_n(const uint8_t *p, int type, int n) {
    return type == OFS_F32       ? v_load_n(p, n)
           : type == OFS_BF16    ? v_load_bf16_n(p, n)
           : type == OFS_F8_E4M3 ? v_load_e4m3_n(p, n)
                                 : v_load_f16_n(p, n);
}

/* Has a range of memory brought into the second-level cache. */
INLINE void fetch_ahead(const uint8_t *p, size_t n) {
    for (size_t line = 0; line < n; line += 64) __builtin_prefetch(p + line, 0, 2);
}

/* Element i of an array at any alignment. */
INLINE float element(const uint8_t *p, int type, size_t i) {
    uint16_t half;
    float value;
    if (type == OFS_F32) {
        memcpy(&value, p + 4 * i, 4);
        return value;
    }
    memcpy(&half, p + 2 * i, 2);
    return type == OFS_BF16 ? from_bf16(half) : from_f16(half);
}

/* Calls function(type, ...) with the type as a constant, so that each gets its own loop. */
#define FOR_TYPE(type, function, ...)                                                              \
    do {                                                                                           \
        if ((type) == OFS_BF16) {                                                                  \
            function(OFS_BF16, __VA_ARGS__);                                                       \
        } else if ((type) == OFS_F16) {                                                            \
            function(OFS_F16, __VA_ARGS__);                                                        \
        } else {                                                                                   \
            function(OFS_F32, __VA_ARGS__);                                                        \
        }                                                                                          \
    } while (0)

/*
 * e^x to about 1 ulp: x = n ln2 + r with |r| <= ln2 / 2, e^r by its Taylor series (the term left
 * out, r^8 / 8!, is below 6e-9). Above 88 the result stays e^88, below -87 it is 0; NaN stays.
 */
static inline vf v_exp(vf x) {
    const vf low = v_set1(-87.0f);
    vf a = v_max(low, v_min(v_set1(88.0f), x));
    vf n = v_round(v_mul(a, v_set1(0x1.715476p0f)));
    /* ln2 in two parts, the first with so few bits that n times it is exact. */
    vf r = v_fma(n, v_set1(-0x1.62e4p-1f), a);
    r = v_fma(n, v_set1(-0x1.7f7d1cp-20f), r);
    vf p = v_set1(1.0f / 5040);
    p = v_fma(p, r, v_set1(1.0f / 720));
    p = v_fma(p, r, v_set1(1.0f / 120));
    p = v_fma(p, r, v_set1(1.0f / 24));
    p = v_fma(p, r, v_set1(1.0f / 6));
    p = v_fma(p, r, v_set1(0.5f));
    p = v_fma(p, v_mul(r, r), r);
    p = v_add(p, v_set1(1.0f));
    return v_select_lt(x, low, v_set1(0.0f), v_mul(p, v_pow2(n)));
}

#endif
