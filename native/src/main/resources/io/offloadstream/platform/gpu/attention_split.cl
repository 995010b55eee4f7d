// Copyright 2026 The OffloadStream authors
// SPDX-License-Identifier: Apache-2.0
//
// Attention of few rows, whose contexts are split between groups of threads: decoding.

#include "attention.h"

// How many pages of its own context a row's splits take: at most 64 splits, whatever else is asked for.
HELPER int pages_per_split(int first, int last) {
    return (last / PAGE - first / PAGE + MOST_SPLITS) / MOST_SPLITS;
}

// Few rows: up to 8 query heads of one row over one split of its context. GROUP_X is the split, GROUP_Y
// the head of keys and the block of 8 query heads, GROUP_Z the row. "partial" has (rows, heads, 64 splits,
// headDim) sums, "state" maximum and total of each.
KERNEL(128) void attend_split(
        BUFFER(const float, query),
        BUFFER(const uchar, cache),
        BUFFER(const INT64, pages),
        BUFFER(const int, sequences),
        BUFFER(const int, slots),
        BUFFER(const uchar, mask),
        BUFFER(float, partial),
        BUFFER(float, state),
        int heads,
        int kvHeads,
        int headDim,
        int type,
        int window,
        float scale,
        int maxPages,
        INT64 layerOffset,
        INT64 valueOffset,
        INT64 maskStride,
        int pageBegin,
        int pageEnd) {
    POINTER(const float, query);
    POINTER(const uchar, cache);
    POINTER(const INT64, pages);
    POINTER(const int, sequences);
    POINTER(const int, slots);
    POINTER(const uchar, mask);
    POINTER(float, partial);
    POINTER(float, state);
    SHARED(float4, scores4, 8 * SCORE_STRIDE / 4);
    SHARED(float4, staged4, PAGE * VALUE_CHUNK / 4);
    SHARED(float, parts, 128);
    SHARED(float, maxima, 8);
    SHARED(float, totals, 8);
    SHARED(float, shrinks, 8);
    SHARED(INT64, places, 8);
    LOCAL_PTR float* scores = (LOCAL_PTR float*) scores4;
    LOCAL_PTR float* staged = (LOCAL_PTR float*) staged4;
    int group = heads / kvHeads;
    int kvHead = GROUP_Y % kvHeads;
    int firstItem = GROUP_Y / kvHeads * 8;
    int items = smaller(8, group - firstItem);
    int firstHead = kvHead * group + firstItem;
    int row = GROUP_Z;
    int sequence = sequences[row];
    int last = slots[row];
    int first = window > 0 && last >= window ? last - window + 1 : 0;
    int perSplit = pages_per_split(first, last);
    int splitBegin = first / PAGE + GROUP_X * perSplit;
    int splitEnd = smaller(splitBegin + perSplit, last / PAGE + 1);
    int begin = larger(splitBegin, pageBegin);
    int end = smaller(splitEnd, pageEnd);
    if (begin >= end) {
        return;
    }
    int isFirst = begin == splitBegin;
    int lane = THREAD % 32;
    int ownItem = THREAD / 32 * 2;

    if (THREAD < 8) {
        places[THREAD] = (INT64) row * heads + firstHead + THREAD;
        INT64 at = 2 * (places[THREAD] * MOST_SPLITS + GROUP_X);
        bool there = THREAD < items && isFirst == 0;
        maxima[THREAD] = there ? state[at] : NO_SCORE;
        totals[THREAD] = there ? state[at + 1] : 0.0f;
    }
    BARRIER();
    float sums[2 * MOST_DIM / 32]; // of dimension lane + 32 k of item i at 2 i + 4 (k / 2) + k % 2
    UNROLL
    for (int k = 0; k < MOST_DIM / 32; k++) {
        UNROLL
        for (int i = 0; i < 2; i++) {
            int d = lane + 32 * k;
            bool there = ownItem + i < items && d < headDim && isFirst == 0;
            sums[2 * i + k / 2 * 4 + k % 2] =
                    there
                            ? partial[(places[ownItem + i] * MOST_SPLITS + GROUP_X) * headDim + d]
                            : 0.0f;
        }
    }
    for (int page = begin; page < end; page++) {
        INT64 pageAt =
                IS_NULL(pages)
                        ? (page - pageBegin) * 2 * valueOffset
                        : pages[(INT64) sequence * maxPages + page] + layerOffset;
        GLOBAL const uchar* keys =
                cache + pageAt + (INT64) kvHead * PAGE * headDim * (type == TYPE_F32 ? 4 : 2);
        int slotBegin = larger(first - page * PAGE, 0);
        int slotEnd = smaller(last - page * PAGE + 1, PAGE);
        float found[4];
        score_page(
                query, places, 0, items, 8, keys, type, headDim, slotBegin, slotEnd, staged4,
                ownItem, 2, found);
        UNROLL
        for (int i = 0; i < 4; i++) {
            int item = ownItem + i / 2;
            int slot = lane + i % 2 * 32;
            bool seen = item < items && slot >= slotBegin && slot < slotEnd;
            if (seen && !IS_NULL(mask)) {
                seen = mask[sequence * maskStride + page * PAGE + slot] != 0;
            }
            scores[item * SCORE_STRIDE + slot] = seen ? found[i] * scale : UNSEEN;
        }
        BARRIER();
        soften(scores, parts, maxima, totals, shrinks, 16);
        add_page(
                keys + valueOffset, type, headDim, slotBegin, slotEnd, scores, staged, shrinks,
                ownItem, 2, sums);
    }
    BARRIER();
    UNROLL
    for (int k = 0; k < MOST_DIM / 32; k++) {
        UNROLL
        for (int i = 0; i < 2; i++) {
            int d = lane + 32 * k;
            if (ownItem + i < items && d < headDim) {
                partial[(places[ownItem + i] * MOST_SPLITS + GROUP_X) * headDim + d] =
                        sums[2 * i + k / 2 * 4 + k % 2];
            }
        }
    }
    if (THREAD < items) {
        INT64 at = 2 * (places[THREAD] * MOST_SPLITS + GROUP_X);
        state[at] = maxima[THREAD];
        state[at + 1] = totals[THREAD];
    }
}

// Puts the splits of a row's head together, in order. GROUP_X is the head, GROUP_Y the row.
KERNEL(64) void combine_splits(
        BUFFER(const float, partial),
        BUFFER(const float, state),
        BUFFER(const int, slots),
        BUFFER(float, y),
        int heads,
        int headDim,
        int window) {
    POINTER(const float, partial);
    POINTER(const float, state);
    POINTER(const int, slots);
    POINTER(float, y);
    int last = slots[GROUP_Y];
    int first = window > 0 && last >= window ? last - window + 1 : 0;
    int perSplit = pages_per_split(first, last);
    int splits = (last / PAGE - first / PAGE + perSplit) / perSplit;
    INT64 item = (INT64) GROUP_Y * heads + GROUP_X;
    GLOBAL const float* sums = partial + item * MOST_SPLITS * headDim;
    GLOBAL const float* found = state + item * MOST_SPLITS * 2;
    float most = NO_SCORE;
    for (int s = 0; s < splits; s++) {
        most = FMAX(most, found[2 * s]);
    }
    float total = 0.0f;
    for (int s = 0; s < splits; s++) {
        total = FMA(found[2 * s + 1], EXP(found[2 * s] - most), total);
    }
    for (int d = THREAD; d < headDim; d += 64) {
        float sum = 0.0f;
        for (int s = 0; s < splits; s++) {
            sum = FMA(sums[(INT64) s * headDim + d], EXP(found[2 * s] - most), sum);
        }
        y[item * headDim + d] = total == 0.0f ? 0.0f : sum / total;
    }
}
