// Copyright 2026 The OffloadStream authors
// SPDX-License-Identifier: Apache-2.0
//
// Rotary position embedding, in place: one thread a pair. Pairs are (i, i + halfDim), or
// (2i, 2i + 1) where interleaved.

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
        float cosine = cosines[row * halfDim + i];
        float sine = sines[row * halfDim + i];
        GLOBAL float* first = x + head * headDim + (interleaved != 0 ? 2 * i : i);
        GLOBAL float* second = first + (interleaved != 0 ? 1 : halfDim);
        float a = *first;
        float b = *second;
        *first = a * cosine - b * sine;
        *second = b * cosine + a * sine;
    }
}
