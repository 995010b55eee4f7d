/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* Rotary position embedding of a head: its pairs are (i, i + halfDim), or (2i, 2i + 1) where interleaved. */

#define FIRST_OF_PAIR(i, interleaved) ((interleaved) != 0 ? 2 * (i) : (i))
#define SECOND_OF_PAIR(i, halfDim, interleaved) ((interleaved) != 0 ? 2 * (i) + 1 : (i) + (halfDim))

HELPER float2 rotated(float a, float b, float cosine, float sine) {
    return MAKE_FLOAT2(a * cosine - b * sine, b * cosine + a * sine);
}
