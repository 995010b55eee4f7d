/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* Scalar conversions between float32 and the 16-bit types, as HalfFloat.java has them. */
#ifndef OFS_HALF_H
#define OFS_HALF_H

#include <stdint.h>
#include <string.h>

static inline float float_of_bits(uint32_t bits) {
    float value;
    memcpy(&value, &bits, 4);
    return value;
}

static inline uint32_t bits_of_float(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    return bits;
}

static inline float from_bf16(uint16_t half) { return float_of_bits((uint32_t)half << 16); }

static inline float from_f16(uint16_t half) {
    uint32_t magnitude = (uint32_t)(half & 0x7fff) << 13;
    uint32_t sign = (uint32_t)(half & 0x8000) << 16;
    if (magnitude >= 0x0f800000u) return float_of_bits(sign | magnitude | 0x7f800000u);
    /* The exponent bias differs by 112; multiplying also normalises subnormals, exactly. */
    return float_of_bits(sign | bits_of_float(float_of_bits(magnitude) * 0x1p112f));
}

static inline uint16_t to_bf16(float value) {
    uint32_t bits = bits_of_float(value);
    uint32_t quiet = (bits >> 16) | 0x40;
    uint32_t rounded = (bits + 0x7fff + ((bits >> 16) & 1)) >> 16;
    return (uint16_t)((bits & 0x7fffffffu) > 0x7f800000u ? quiet : rounded);
}

static inline uint16_t to_f16(float value) {
    uint32_t bits = bits_of_float(value);
    uint32_t sign = (bits >> 16) & 0x8000;
    uint32_t magnitude = bits & 0x7fffffffu;
    /* Below 2^-14 halves are multiples of 2^-24, which is what one ulp of 0.5 is. */
    uint32_t tiny = bits_of_float(float_of_bits(magnitude) + 0.5f) - 0x3f000000u;
    uint32_t usual = (magnitude - 0x38000000u + 0xfff + ((magnitude >> 13) & 1)) >> 13;
    uint32_t quiet = 0x7e00 | ((magnitude >> 13) & 0x3ff);
    uint32_t half = magnitude < 0x38800000u ? tiny : usual;
    half = magnitude >= 0x477ff000u ? 0x7c00 : half;
    half = magnitude > 0x7f800000u ? quiet : half;
    return (uint16_t)(sign | half);
}

#endif
