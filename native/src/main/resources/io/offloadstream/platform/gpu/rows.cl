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
