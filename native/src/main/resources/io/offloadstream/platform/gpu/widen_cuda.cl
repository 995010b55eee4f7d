/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* Weights of 16 bits as float32, for a library that wants both factors in one type. */
KERNEL(256) void widen(BUFFER(const ushort, weight), BUFFER(float, y), INT64 count, int type) {
    POINTER(const ushort, weight);
    POINTER(float, y);
    const INT64 step = (INT64)GROUPS_X * 256;
    for (INT64 i = (INT64)GROUP_X * 256 + THREAD; i < count; i += step) {
        y[i] = type == TYPE_F16 ? half_to_float(weight[i]) : bf16_to_float(weight[i]);
    }
}
