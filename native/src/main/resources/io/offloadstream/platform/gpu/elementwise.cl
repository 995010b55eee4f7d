// Copyright 2026 The OffloadStream authors
// SPDX-License-Identifier: Apache-2.0
//
// Element by element; results may lie where operands do.

#include "activation.h"

KERNEL(256) void activate(BUFFER(const float, x), BUFFER(float, y), INT64 count, int code) {
    POINTER(const float, x);
    POINTER(float, y);
    INT64 step = (INT64) GROUPS_X * 256;
    for (INT64 i = (INT64) GROUP_X * 256 + THREAD; i < count; i += step) {
        y[i] = activation(code, x[i]);
    }
}

KERNEL(256) void activate_multiply(
        BUFFER(const float, gate), BUFFER(const float, up), BUFFER(float, y), INT64 count, int code) {
    POINTER(const float, gate);
    POINTER(const float, up);
    POINTER(float, y);
    INT64 step = (INT64) GROUPS_X * 256;
    for (INT64 i = (INT64) GROUP_X * 256 + THREAD; i < count; i += step) {
        y[i] = activation(code, gate[i]) * up[i];
    }
}

KERNEL(256) void add(BUFFER(float, target), BUFFER(const float, x), INT64 count) {
    POINTER(float, target);
    POINTER(const float, x);
    INT64 step = (INT64) GROUPS_X * 256;
    for (INT64 i = (INT64) GROUP_X * 256 + THREAD; i < count; i += step) {
        target[i] += x[i];
    }
}
