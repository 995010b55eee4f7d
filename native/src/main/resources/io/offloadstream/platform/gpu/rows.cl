// Copyright 2026 The OffloadStream authors
// SPDX-License-Identifier: Apache-2.0
//
// Rows moved and converted.

// Some columns of each row.
KERNEL(256) void take_columns(
        BUFFER(const float, x), BUFFER(float, y), INT64 count, int width, int begin, int columns) {
    POINTER(const float, x);
    POINTER(float, y);
    INT64 step = (INT64) GROUPS_X * 256;
    for (INT64 n = (INT64) GROUP_X * 256 + THREAD; n < count; n += step) {
        y[n] = x[n / columns * width + begin + n % columns];
    }
}

// Rows of F16 or BF16 become float32: one group a row. A stored row may lie in the second half of its
// own result: 256 elements are read before any of theirs is written, and what writing element n
// destroys are elements before n. They wait in workgroup memory, so that a barrier orders them.
KERNEL(256) void expand_rows(BUFFER(const ushort, x), BUFFER(float, y), int width, int type) {
    POINTER(const ushort, x);
    POINTER(float, y);
    SHARED(ushort, held, 256);
    GLOBAL const ushort* row = x + (INT64) GROUP_X * width;
    GLOBAL float* result = y + (INT64) GROUP_X * width;
    for (int begin = 0; begin < width; begin += 256) {
        int i = begin + THREAD;
        held[THREAD] = i < width ? row[i] : (ushort) 0;
        BARRIER();
        ushort bits = held[THREAD];
        if (i < width) {
            result[i] = type == TYPE_F16 ? half_to_float(bits) : bf16_to_float(bits);
        }
    }
}

// Rows of Q8_0 or Q4_0 become float32, likewise in place: 256 elements are 8 blocks, and what writing them destroys
// are these blocks and those before them. The product of a scale and a quant is exact.
KERNEL(256) void expand_blocks(BUFFER(const uchar, x), BUFFER(float, y), int width, int type) {
    POINTER(const uchar, x);
    POINTER(float, y);
    SHARED(float, held, 256);
    const int bytes = type == TYPE_Q8_0 ? 34 : 18;
    GLOBAL const uchar* row = x + (INT64) GROUP_X * (width >> 5) * bytes;
    GLOBAL float* result = y + (INT64) GROUP_X * width;
    for (int begin = 0; begin < width; begin += 256) {
        int i = begin + THREAD;
        float value = 0.0f;
        if (i < width) {
            GLOBAL const uchar* block = row + (INT64) (i >> 5) * bytes;
            int at = i & 31;
            int quant;
            if (type == TYPE_Q8_0) {
                quant = ((int) block[2 + at] ^ 128) - 128;
            } else {
                int pair = block[2 + (at & 15)];
                quant = (at < 16 ? pair & 15 : pair >> 4) - 8;
            }
            value = half_to_float((ushort) ((uint) block[0] | (uint) block[1] << 8)) * (float) quant;
        }
        held[THREAD] = value;
        BARRIER();
        value = held[THREAD];
        if (i < width) {
            result[i] = value;
        }
    }
}
