/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* How products read weights and activations: words of several stored elements, 4 of them as floats. */

HELPER uint word_of(uint4 raw, int index) {
    return index == 0 ? raw.x : (index == 1 ? raw.y : (index == 2 ? raw.z : raw.w));
}

HELPER float4 pairs_of(float2 low, float2 high) {
    return MAKE_FLOAT4(low.x, low.y, high.x, high.y);
}

/* The 4 signed bytes of a word. */
HELPER float4 bytes_of(uint word) {
    /* A float of 2^23 has its units in its last bit: the byte put there, less what was added, is exact. */
    const uint bits = word ^ 0x80808080u;
    const float offset = 8388608.0f + 128.0f;
    return MAKE_FLOAT4(as_float(0x4b000000u | (bits & 0xffu)) - offset, as_float(0x4b000000u | ((bits >> 8) & 0xffu)) - offset,
                       as_float(0x4b000000u | ((bits >> 16) & 0xffu)) - offset, as_float(0x4b000000u | (bits >> 24)) - offset);
}

/* The low halves of the 4 bytes of a word, less 8. */
HELPER float4 nibbles_of(uint word) {
    const uint bits = word & 0x0f0f0f0fu;
    const float offset = 8388608.0f + 8.0f;
    return MAKE_FLOAT4(as_float(0x4b000000u | (bits & 0xffu)) - offset, as_float(0x4b000000u | ((bits >> 8) & 0xffu)) - offset,
                       as_float(0x4b000000u | ((bits >> 16) & 0xffu)) - offset, as_float(0x4b000000u | (bits >> 24)) - offset);
}

/* 4 floats of a row at any place, 0 beyond it. */
HELPER float4 load_some(GLOBAL const float *row, int begin, int count) {
    return MAKE_FLOAT4(begin < count ? row[begin] : 0.0f, begin + 1 < count ? row[begin + 1] : 0.0f,
                       begin + 2 < count ? row[begin + 2] : 0.0f, begin + 3 < count ? row[begin + 3] : 0.0f);
}

/* Two elements of 16 bits at any place, 0 beyond the row. */
HELPER uint load_pair(GLOBAL const ushort *row, int begin, int count) {
    const uint low = begin < count ? row[begin] : 0u;
    const uint high = begin + 1 < count ? row[begin + 1] : 0u;
    return low | high << 16;
}

/* Four bytes at any place, 0 beyond the row. */
HELPER uint load_bytes(GLOBAL const uchar *row, int begin, int count) {
    uint word = 0;
    for (int i = 0; i < 4; i++) {
        word |= (begin + i < count ? (uint)row[begin + i] : 0u) << (8 * i);
    }
    return word;
}

/* 4 bytes from an even address. */
HELPER uint load_word(GLOBAL const ushort *at) {
    return (uint)at[0] | (uint)at[1] << 16;
}
