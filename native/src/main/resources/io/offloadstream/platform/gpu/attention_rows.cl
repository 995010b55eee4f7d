// Copyright 2026 The OffloadStream authors
// SPDX-License-Identifier: Apache-2.0
//
// Attention of many rows at once: a prompt.

#include "attention.h"

// Many rows: 32 items a group of threads, those of one sequence at a time. "state" keeps maximum and
// total of each item between tiles, y its sums; null if there is one launch for all pages.
KERNEL(256) void attend_rows(
        BUFFER(const float, query),
        BUFFER(const uchar, cache),
        BUFFER(const INT64, pages),
        BUFFER(const int, sequences),
        BUFFER(const int, slots),
        BUFFER(const uchar, mask),
        BUFFER(float, y),
        BUFFER(float, state),
        int rows,
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
        int pageEnd,
        int isFirst,
        int isLast) {
    POINTER(const float, query);
    POINTER(const uchar, cache);
    POINTER(const INT64, pages);
    POINTER(const int, sequences);
    POINTER(const int, slots);
    POINTER(const uchar, mask);
    POINTER(float, y);
    POINTER(float, state);
    SHARED(float4, scores4, 32 * SCORE_STRIDE / 4);
    SHARED(float4, staged4, PAGE * VALUE_CHUNK / 4);
    SHARED(float, parts, 256);
    SHARED(float, maxima, 32);
    SHARED(float, totals, 32);
    SHARED(float, shrinks, 32);
    SHARED(INT64, places, 32);
    SHARED(int, owners, 32);
    SHARED(int, firsts, 32);
    SHARED(int, lasts, 32);
    LOCAL_PTR float* scores = (LOCAL_PTR float*) scores4;
    LOCAL_PTR float* staged = (LOCAL_PTR float*) staged4;
    int lane = THREAD % 32;
    int ownItem = THREAD / 32 * 4;

    if (THREAD < 32) {
        int group = heads / kvHeads;
        INT64 item = (INT64) GROUP_X * 32 + THREAD;
        int owner = -1;
        int last = 0;
        if (item < (INT64) rows * group) {
            owner = sequences[item / group];
            last = slots[item / group];
        }
        owners[THREAD] = owner;
        places[THREAD] = item / group * heads + GROUP_Y * group + item % group;
        lasts[THREAD] = last;
        firsts[THREAD] = window > 0 && last >= window ? last - window + 1 : 0;
    }
    BARRIER();
    int begin = 0;
    while (begin < 32) {
        int sequence = owners[begin];
        int end = begin;
        int firstPage = pageEnd;
        int lastPage = pageBegin - 1;
        while (end < 32 && owners[end] == sequence) {
            firstPage = smaller(firstPage, firsts[end] / PAGE);
            lastPage = larger(lastPage, lasts[end] / PAGE);
            end++;
        }
        if (sequence >= 0) {
            firstPage = larger(firstPage, pageBegin);
            lastPage = smaller(lastPage, pageEnd - 1);
            float sums[4 * MOST_DIM / 32]; // of dimension lane + 32 k of item i at 2 i + 8 (k / 2) + k % 2
            UNROLL
            for (int k = 0; k < MOST_DIM / 32; k++) {
                UNROLL
                for (int i = 0; i < 4; i++) {
                    int item = ownItem + i;
                    int d = lane + 32 * k;
                    bool there = item >= begin && item < end && d < headDim && isFirst == 0;
                    sums[2 * i + k / 2 * 8 + k % 2] =
                            there ? y[places[item] * headDim + d] : 0.0f;
                }
            }
            if (THREAD < 32) {
                bool there = THREAD >= begin && THREAD < end && isFirst == 0;
                maxima[THREAD] = there ? state[2 * places[THREAD]] : NO_SCORE;
                totals[THREAD] = there ? state[2 * places[THREAD] + 1] : 0.0f;
            }
            for (int page = firstPage; page <= lastPage; page++) {
                INT64 pageAt =
                        IS_NULL(pages)
                                ? (page - pageBegin) * 2 * valueOffset
                                : pages[(INT64) sequence * maxPages + page] + layerOffset;
                GLOBAL const uchar* keys =
                        cache + pageAt + (INT64) GROUP_Y * PAGE * headDim * (type == TYPE_F32 ? 4 : 2);
                // slots that some item of the run sees
                int slotBegin = PAGE;
                int slotEnd = 0;
                for (int i = begin; i < end; i++) {
                    slotBegin = smaller(slotBegin, larger(firsts[i] - page * PAGE, 0));
                    slotEnd = larger(slotEnd, smaller(lasts[i] - page * PAGE + 1, PAGE));
                }
                float found[8];
                score_page(
                        query, places, begin, end, 32, keys, type, headDim, slotBegin, slotEnd,
                        staged4, ownItem, 4, found);
                UNROLL
                for (int i = 0; i < 8; i++) {
                    int item = ownItem + i / 2;
                    int slot = page * PAGE + lane + i % 2 * 32;
                    bool seen = item >= begin && item < end && slot >= firsts[item]
                            && slot <= lasts[item];
                    if (seen && !IS_NULL(mask)) {
                        seen = mask[sequence * maskStride + slot] != 0;
                    }
                    scores[item * SCORE_STRIDE + lane + i % 2 * 32] =
                            seen ? found[i] * scale : UNSEEN;
                }
                BARRIER();
                soften(scores, parts, maxima, totals, shrinks, 8);
                add_page(
                        keys + valueOffset, type, headDim, slotBegin, slotEnd, scores, staged,
                        shrinks, ownItem, 4, sums);
            }
            BARRIER();
            UNROLL
            for (int k = 0; k < MOST_DIM / 32; k++) {
                UNROLL
                for (int i = 0; i < 4; i++) {
                    int item = ownItem + i;
                    int d = lane + 32 * k;
                    if (item >= begin && item < end && d < headDim) {
                        float sum = sums[2 * i + k / 2 * 8 + k % 2];
                        float total = totals[item];
                        y[places[item] * headDim + d] =
                                isLast == 0 ? sum : total == 0.0f ? 0.0f : sum / total;
                    }
                }
            }
            if (THREAD >= begin && THREAD < end && isLast == 0) {
                state[2 * places[THREAD]] = maxima[THREAD];
                state[2 * places[THREAD] + 1] = totals[THREAD];
            }
            BARRIER();
        }
        begin = end;
    }
}
