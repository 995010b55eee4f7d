// Copyright 2026 The OffloadStream authors
// SPDX-License-Identifier: Apache-2.0
//
// Keys and values into the cache and back. A row of one head lies at
//     targets[row] + layerOffset (+ valueOffset) + head * headStride
// bytes from the cache's start; without targets the rows lie one behind another from there. One group
// takes the keys (GROUP_Y = 0) or the values (1) of a row.

KERNEL(256) void store_kv(
        BUFFER(const float, key),
        BUFFER(const float, value),
        BUFFER(uchar, cache),
        BUFFER(const INT64, targets),
        int kvHeads,
        int headDim,
        int type,
        INT64 layerOffset,
        INT64 valueOffset,
        INT64 headStride) {
    POINTER(const float, key);
    POINTER(const float, value);
    POINTER(uchar, cache);
    POINTER(const INT64, targets);
    INT64 row = GROUP_X;
    int width = kvHeads * headDim;
    GLOBAL const float* source = (GROUP_Y == 0 ? key : value) + row * width;
    INT64 rowBytes = (INT64) headDim * (type == TYPE_F32 ? 4 : 2);
    INT64 start = IS_NULL(targets) ? row * rowBytes : targets[row];
    if (start < 0) {
        return;
    }
    GLOBAL uchar* target = cache + start + layerOffset + (GROUP_Y == 0 ? 0 : valueOffset);
    for (int i = THREAD; i < width; i += 256) {
        GLOBAL uchar* head = target + i / headDim * headStride;
        int d = i % headDim;
        store_element(head, type, d, source[i]);
    }
}

KERNEL(256) void load_kv(
        BUFFER(float, key),
        BUFFER(float, value),
        BUFFER(const uchar, cache),
        BUFFER(const INT64, targets),
        int kvHeads,
        int headDim,
        int type,
        INT64 layerOffset,
        INT64 valueOffset,
        INT64 headStride) {
    POINTER(float, key);
    POINTER(float, value);
    POINTER(const uchar, cache);
    POINTER(const INT64, targets);
    INT64 row = GROUP_X;
    int width = kvHeads * headDim;
    GLOBAL float* target = (GROUP_Y == 0 ? key : value) + row * width;
    INT64 rowBytes = (INT64) headDim * (type == TYPE_F32 ? 4 : 2);
    INT64 start = IS_NULL(targets) ? row * rowBytes : targets[row];
    if (start < 0) {
        return;
    }
    GLOBAL const uchar* source = cache + start + layerOffset + (GROUP_Y == 0 ? 0 : valueOffset);
    for (int i = THREAD; i < width; i += 256) {
        GLOBAL const uchar* head = source + i / headDim * headStride;
        int d = i % headDim;
        target[i] = load_element(head, type, d);
    }
}
