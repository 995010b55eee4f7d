/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* What follows from either prelude. Codes of dtypes and activations are those of DType and Activation. */

#define TYPE_F32 0
#define TYPE_F16 1
#define TYPE_BF16 2
#define TYPE_F8_E4M3 10
#define TYPE_Q8_0 12
#define TYPE_Q4_0 13
#define TYPE_BF16_PACKED 14

#define LANE (THREAD & 31)

HELPER float bf16_to_float(ushort bits) {
    return as_float((uint)bits << 16);
}

/* To the nearest, of two to the even one; NaN stays NaN. */
HELPER ushort float_to_bf16(float value) {
    uint bits = as_uint(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) {
        return (ushort)((bits >> 16) | 0x40u);
    }
    return (ushort)((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

/* float8 e4m3fn: no infinities, 0x7f is NaN. Its fields are those of a half 256 times smaller. */
HELPER float e4m3_to_float(uchar bits) {
    uint magnitude = (uint)bits & 0x7fu;
    float value = half_to_float((ushort)(magnitude << 7)) * 256.0f;
    value = magnitude == 0x7fu ? as_float(0x7fc00000u) : value;
    return (bits & 0x80u) ? -value : value;
}

/* The low and the high half of a word, the order in memory. */
HELPER float2 bf16x2_to_float2(uint bits) {
    return MAKE_FLOAT2(as_float(bits << 16), as_float(bits & 0xffff0000u));
}

HELPER float2 half2_to_float2(uint bits) {
    return MAKE_FLOAT2(half_to_float((ushort)(bits & 0xffffu)), half_to_float((ushort)(bits >> 16)));
}

/* Two float8: one instruction where the card has it; exact with and without. */
HELPER float2 e4m3x2_to_float2(ushort bits) {
#ifdef E4M3X2_TO_HALF2
    return half2_to_float2(E4M3X2_TO_HALF2(bits));
#else
    return MAKE_FLOAT2(e4m3_to_float((uchar)(bits & 0xffu)), e4m3_to_float((uchar)(bits >> 8)));
#endif
}

/* One element of a tensor of type F32, F16 or BF16. */
HELPER float load_element(GLOBAL const uchar *x, int type, INT64 index) {
    if (type == TYPE_F32) {
        return ((GLOBAL const float *)x)[index];
    }
    ushort bits = ((GLOBAL const ushort *)x)[index];
    return type == TYPE_F16 ? half_to_float(bits) : bf16_to_float(bits);
}

HELPER void store_element(GLOBAL uchar *x, int type, INT64 index, float value) {
    if (type == TYPE_F32) {
        ((GLOBAL float *)x)[index] = value;
    } else {
        ((GLOBAL ushort *)x)[index] = type == TYPE_F16 ? float_to_half(value) : float_to_bf16(value);
    }
}

/* Over all threads of the group, lanes first, then the sums of lanes in order; all threads call it. */
HELPER float group_sum(float value, LOCAL_PTR float *scratch) {
    float own = lane_sum(value, scratch);
    BARRIER();
    if (LANE == 0) {
        scratch[THREAD >> 5] = own;
    }
    BARRIER();
    float sum = scratch[0];
    for (int i = 1; i < THREADS >> 5; i++) {
        sum += scratch[i];
    }
    BARRIER();
    return sum;
}

HELPER float group_max(float value, LOCAL_PTR float *scratch) {
    float own = lane_max(value, scratch);
    BARRIER();
    if (LANE == 0) {
        scratch[THREAD >> 5] = own;
    }
    BARRIER();
    float most = scratch[0];
    for (int i = 1; i < THREADS >> 5; i++) {
        most = FMAX(most, scratch[i]);
    }
    BARRIER();
    return most;
}
