// Copyright 2026 The OffloadStream authors
// SPDX-License-Identifier: Apache-2.0
//
// Rotary position embedding, in place: one thread a pair.

#include "rope.h"

KERNEL(256) void rotate_pairs(
        BUFFER(float, x),
        BUFFER(const float, cosines),
        BUFFER(const float, sines),
        INT64 pairs,
        int heads,
        int headDim,
        int halfDim,
        int interleaved) {
    POINTER(float, x);
    POINTER(const float, cosines);
    POINTER(const float, sines);
    INT64 step = (INT64) GROUPS_X * 256;
    for (INT64 n = (INT64) GROUP_X * 256 + THREAD; n < pairs; n += step) {
        int i = (int) (n % halfDim);
        INT64 head = n / halfDim;
        INT64 row = head / heads;
        GLOBAL float* first = x + head * headDim + FIRST_OF_PAIR(i, interleaved);
        GLOBAL float* second = x + head * headDim + SECOND_OF_PAIR(i, halfDim, interleaved);
        float2 pair = rotated(*first, *second, cosines[row * halfDim + i], sines[row * halfDim + i]);
        *first = pair.x;
        *second = pair.y;
    }
}
