// Copyright 2026 The OffloadStream authors
// SPDX-License-Identifier: Apache-2.0
//
// Keys and values into the cache and back. A row of one head lies at
//     targets[row] + layerOffset (+ valueOffset) + head * headStride
// bytes from the cache's start; without targets the rows lie one behind another from there. One group
// takes the keys (GROUP_Y = 0) or the values (1) of a row.

#include "rope.h"

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

// What rotate_pairs does to queries and keys and store_kv does then, in one launch: queries in place, keys on
// their way. Group (row, part) takes 256 items of a row: pairs of the queries; of each key the pairs, then the
// values that are not rotated; values.
KERNEL(256) void rotate_and_store(
        BUFFER(float, query),
        BUFFER(const float, key),
        BUFFER(const float, value),
        BUFFER(const float, cosines),
        BUFFER(const float, sines),
        BUFFER(uchar, cache),
        BUFFER(const INT64, targets),
        int heads,
        int kvHeads,
        int headDim,
        int halfDim,
        int interleaved,
        int type,
        INT64 layerOffset,
        INT64 valueOffset,
        INT64 headStride) {
    POINTER(float, query);
    POINTER(const float, key);
    POINTER(const float, value);
    POINTER(const float, cosines);
    POINTER(const float, sines);
    POINTER(uchar, cache);
    POINTER(const INT64, targets);
    INT64 row = GROUP_X;
    GLOBAL const float* cosine = cosines + row * halfDim;
    GLOBAL const float* sine = sines + row * halfDim;
    int n = GROUP_Y * 256 + THREAD;
    if (n < heads * halfDim) {
        GLOBAL float* x = query + (row * heads + n / halfDim) * headDim;
        int i = n % halfDim;
        int first = FIRST_OF_PAIR(i, interleaved);
        int second = SECOND_OF_PAIR(i, halfDim, interleaved);
        float2 pair = rotated(x[first], x[second], cosine[i], sine[i]);
        x[first] = pair.x;
        x[second] = pair.y;
        return;
    }
    INT64 start = targets[row];
    if (start < 0) {
        return;
    }
    GLOBAL uchar* target = cache + start + layerOffset;
    n -= heads * halfDim;
    int items = headDim - halfDim;
    if (n < kvHeads * items) {
        int head = n / items;
        int i = n % items;
        GLOBAL const float* x = key + (row * kvHeads + head) * headDim;
        target += head * headStride;
        if (i >= halfDim) {
            store_element(target, type, halfDim + i, x[halfDim + i]);
            return;
        }
        int first = FIRST_OF_PAIR(i, interleaved);
        int second = SECOND_OF_PAIR(i, halfDim, interleaved);
        float2 pair = rotated(x[first], x[second], cosine[i], sine[i]);
        store_element(target, type, first, pair.x);
        store_element(target, type, second, pair.y);
        return;
    }
    n -= kvHeads * items;
    if (n < kvHeads * headDim) {
        GLOBAL uchar* head = target + valueOffset + n / headDim * headStride;
        store_element(head, type, n % headDim, value[row * kvHeads * headDim + n]);
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
