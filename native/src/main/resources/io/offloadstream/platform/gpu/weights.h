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

/*
 * BF16_PACKED, as PackedBf16.java has it: blocks of 48 bytes, 16 of codes and 32 low bytes; what has the code 15 is
 * found in the escapes. Everything is on a boundary of 4 bytes, as a device's memory has it.
 */
#define PACKED_BYTES 48
#define PACKED_TABLE 16

/* Where the escapes of a row of the whole tensor begin; those of the next row begin where its own end. */
HELPER uint escapes_begin(GLOBAL const uchar *escapes, INT64 row) {
    return ((GLOBAL const uint *)(escapes + PACKED_TABLE))[row];
}

/* 8 columns of a row: their codes, the low bytes of the first 4 and those of the last 4. */
HELPER uint4 load_packed(GLOBAL const uchar *row, int chunk) {
    GLOBAL const uint *words = (GLOBAL const uint *)(row + (INT64)(chunk >> 2) * PACKED_BYTES) + (chunk & 3);
    return MAKE_UINT4(words[0], words[4], words[8], 0);
}

/* Two BF16 of low bytes in the lower half of a word, and of the codes in the lower halves of two bytes. */
HELPER uint unpack_pair(uint codes, uint low, LOCAL_PTR const uint *table) {
    return (low & 0xffu) | table[codes & 15u] << 8 | (low & 0xff00u) << 8 | table[(codes >> 8) & 15u] << 24;
}

HELPER uint with_high(uint word, int upper, uint high) {
    return upper ? (word & 0x00ffffffu) | high << 24 : (word & 0xffff00ffu) | high << 8;
}

/* What load_packed gave as 8 BF16. table: the high byte of each code; begin and end: of the escapes of this row. */
HELPER uint4 unpack(uint4 raw, LOCAL_PTR const uint *table, GLOBAL const uchar *escapes, uint begin, uint end,
                    int chunk) {
    const uint codes = raw.x;
    uint4 words = MAKE_UINT4(unpack_pair(codes, raw.y, table), unpack_pair(codes >> 16, raw.y >> 16, table),
                             unpack_pair(codes >> 4, raw.z, table), unpack_pair(codes >> 20, raw.z >> 16, table));
    if (codes & (codes >> 1) & (codes >> 2) & (codes >> 3) & 0x11111111u) {
        for (uint at = begin; at < end; at += 4) {
            const uint escape = *(GLOBAL const uint *)(escapes + at);
            const int column = (int)(escape >> 8) - 8 * chunk;
            const uint high = escape & 0xffu;
            if (column >= 0 && column < 8) {
                words.x = column >> 1 == 0 ? with_high(words.x, column & 1, high) : words.x;
                words.y = column >> 1 == 1 ? with_high(words.y, column & 1, high) : words.y;
                words.z = column >> 1 == 2 ? with_high(words.z, column & 1, high) : words.z;
                words.w = column >> 1 == 3 ? with_high(words.w, column & 1, high) : words.w;
            }
        }
    }
    return words;
}
