// Copyright 2026 The OffloadStream authors
// SPDX-License-Identifier: Apache-2.0
//
// Attention over a paged cache with an online softmax (arXiv:1805.02867) page by page, in order, float32
// throughout. A page has 64 slots; for each layer it holds keys (kvHeads, 64, headDim), then values.
//
// An item is one query head of one row. A group of threads takes several items that share a head of keys
// and values: rows of a sequence and the query heads of that head (attend_rows), or the query heads alone
// for a part of the context (attend_split, then combine_splits). It brings a page's keys, 32 dimensions at
// a time, into workgroup memory, scores them, then brings the values, 64 dimensions at a time. 32 threads
// own the same few items throughout: of the scores each has two slots, of the sums every 32nd dimension.
//
// Loops are unrolled no more than registers allow: nothing is spilled on sm_75 to sm_90.
//
// What an item does not see is skipped, never multiplied by zero: its bits do not depend on which other
// items or pages the group has, and no NaN of a slot that does not count reaches it.
//
// Pages lie at base + pages[sequence][page]; without a page table pages [pageBegin, pageEnd) of the one
// sequence of all rows lie one behind another: a tile of a cache that is kept on the host. Then what was
// found so far is kept between launches, so that tiles do not change the bits.

#define PAGE 64
#define MOST_DIM 256
#define SCORE_STRIDE 72 // floats from one item's scores to the next: other banks for each
#define CHUNK 32        // dimensions of keys at a time
#define CHUNK_STRIDE 9  // float4 from one slot's chunk to the next, likewise
#define VALUE_CHUNK 64  // dimensions of values at a time
#define MOST_SPLITS 64

// Maximum of nothing: not -inf, so that no difference of scores is a NaN.
#define NO_SCORE (-3.402823466e+38f)
#define UNSEEN (-INF)

HELPER int smaller(int a, int b) {
    return a < b ? a : b;
}

HELPER int larger(int a, int b) {
    return a > b ? a : b;
}

HELPER float half_word(uint word, int type) {
    ushort bits = (ushort) word;
    return type == TYPE_F16 ? half_to_float(bits) : bf16_to_float(bits);
}

// Brings dimensions [first, first + dims) of a page's slots into target, zeros where there are none.
HELPER void stage_slots(
        GLOBAL const uchar* rows,
        int type,
        int headDim,
        int first,
        int dims,
        int slotBegin,
        int slotEnd,
        LOCAL_PTR float* target,
        int stride) {
    if (headDim % 8 == 0) {
        // sixteen bytes at a time: every slot starts at a multiple of that
        int wide = type == TYPE_F32 ? 4 : 8;
        int perSlot = dims / wide;
#pragma unroll 1
        for (int i = THREAD; i < PAGE * perSlot; i += THREADS) {
            int slot = i / perSlot;
            int d = i % perSlot * wide;
            LOCAL_PTR float* to = target + slot * stride + d;
            uint4 words;
            words.x = words.y = words.z = words.w = 0;
            if (first + d < headDim && slot >= slotBegin && slot < slotEnd) {
                INT64 at = (INT64) slot * headDim + first + d;
                words = LOAD_UINT4(rows + at * (type == TYPE_F32 ? 4 : 2));
            }
            if (type == TYPE_F32) {
                to[0] = as_float(words.x);
                to[1] = as_float(words.y);
                to[2] = as_float(words.z);
                to[3] = as_float(words.w);
            } else {
                to[0] = half_word(words.x & 0xffffu, type);
                to[1] = half_word(words.x >> 16, type);
                to[2] = half_word(words.y & 0xffffu, type);
                to[3] = half_word(words.y >> 16, type);
                to[4] = half_word(words.z & 0xffffu, type);
                to[5] = half_word(words.z >> 16, type);
                to[6] = half_word(words.w & 0xffffu, type);
                to[7] = half_word(words.w >> 16, type);
            }
        }
    } else {
#pragma unroll 1
        for (int i = THREAD; i < PAGE * dims; i += THREADS) {
            int slot = i / dims;
            int d = i % dims;
            bool there = first + d < headDim && slot >= slotBegin && slot < slotEnd;
            target[slot * stride + d] =
                    there ? load_element(rows, type, (INT64) slot * headDim + first + d) : 0.0f;
        }
    }
}

// Brings a chunk of the queries of items [begin, end) into target. places says which of (rows, heads)
// an item is.
HELPER void stage_queries(
        GLOBAL const float* query,
        LOCAL_PTR const INT64* places,
        int begin,
        int end,
        int items,
        int headDim,
        int first,
        LOCAL_PTR float* target) {
#pragma unroll 1
    for (int i = THREAD; i < items * CHUNK; i += THREADS) {
        int item = i / CHUNK;
        int d = first + i % CHUNK;
        float value = 0.0f;
        if (item >= begin && item < end && d < headDim) {
            value = query[places[item] * headDim + d];
        }
        target[item * 4 * CHUNK_STRIDE + i % CHUNK] = value;
    }
}

HELPER float dot4(float4 a, float4 b, float sum) {
    return FMA(a.w, b.w, FMA(a.z, b.z, FMA(a.y, b.y, FMA(a.x, b.x, sum))));
}

// Adds a chunk's products to two scores of each of this thread's items. Threads whose items are absent do
// likewise: PoCL 3.1 computes wrongly where some threads skip this loop.
HELPER void add_scores(
        LOCAL_PTR const float4* queries,
        LOCAL_PTR const float4* keys,
        int ownItem,
        int own,
        float* scores) {
    int lane = THREAD % 32;
#pragma unroll 1
    for (int c = 0; c < CHUNK / 4; c++) {
        float4 low = keys[lane * CHUNK_STRIDE + c];
        float4 high = keys[(lane + 32) * CHUNK_STRIDE + c];
        UNROLL
        for (int i = 0; i < own; i++) {
            float4 q = queries[(ownItem + i) * CHUNK_STRIDE + c];
            scores[2 * i] = dot4(q, low, scores[2 * i]);
            scores[2 * i + 1] = dot4(q, high, scores[2 * i + 1]);
        }
    }
}

// Turns an item's scores of a page into shares of the softmax so far. THREADS / items threads an item;
// all threads call it.
HELPER void soften(
        LOCAL_PTR float* scores,
        LOCAL_PTR float* parts,
        LOCAL_PTR float* maxima,
        LOCAL_PTR float* totals,
        LOCAL_PTR float* shrinks,
        int perItem) {
    int item = THREAD / perItem;
    int part = THREAD % perItem;
    LOCAL_PTR float* row = scores + item * SCORE_STRIDE;
    float most = UNSEEN;
    for (int t = part; t < PAGE; t += perItem) {
        most = FMAX(most, row[t]);
    }
    parts[THREAD] = most;
    BARRIER();
    float before = maxima[item];
    float higher = before;
    for (int j = 0; j < perItem; j++) {
        higher = FMAX(higher, parts[item * perItem + j]);
    }
    float sum = 0.0f;
    for (int t = part; t < PAGE; t += perItem) {
        float share = row[t] == UNSEEN ? 0.0f : EXP(row[t] - higher);
        row[t] = share;
        sum += share;
    }
    BARRIER();
    parts[THREAD] = sum;
    BARRIER();
    if (part == 0) {
        float shrink = EXP(before - higher);
        float total = totals[item] * shrink;
        for (int j = 0; j < perItem; j++) {
            total += parts[item * perItem + j];
        }
        maxima[item] = higher;
        totals[item] = total;
        shrinks[item] = shrink;
    }
}

// Adds the values of slots [slotBegin, slotEnd), 64 dimensions of them, to two sums of each item.
HELPER void add_values(
        LOCAL_PTR const float* scores,
        LOCAL_PTR const float* values,
        int slotBegin,
        int slotEnd,
        int ownItem,
        int own,
        float* sums) {
    int lane = THREAD % 32;
#pragma unroll 1
    for (int t = slotBegin & ~3; t < slotEnd; t += 4) {
        LOCAL_PTR const float* at = values + t * VALUE_CHUNK + lane;
        float a0 = at[0];
        float b0 = at[32];
        float a1 = at[VALUE_CHUNK];
        float b1 = at[VALUE_CHUNK + 32];
        float a2 = at[2 * VALUE_CHUNK];
        float b2 = at[2 * VALUE_CHUNK + 32];
        float a3 = at[3 * VALUE_CHUNK];
        float b3 = at[3 * VALUE_CHUNK + 32];
        UNROLL
        for (int i = 0; i < own; i++) {
            float4 share =
                    *(LOCAL_PTR const float4*) (scores + (ownItem + i) * SCORE_STRIDE + t);
            if (share.x != 0.0f) {
                sums[2 * i] = FMA(share.x, a0, sums[2 * i]);
                sums[2 * i + 1] = FMA(share.x, b0, sums[2 * i + 1]);
            }
            if (share.y != 0.0f) {
                sums[2 * i] = FMA(share.y, a1, sums[2 * i]);
                sums[2 * i + 1] = FMA(share.y, b1, sums[2 * i + 1]);
            }
            if (share.z != 0.0f) {
                sums[2 * i] = FMA(share.z, a2, sums[2 * i]);
                sums[2 * i + 1] = FMA(share.z, b2, sums[2 * i + 1]);
            }
            if (share.w != 0.0f) {
                sums[2 * i] = FMA(share.w, a3, sums[2 * i]);
                sums[2 * i + 1] = FMA(share.w, b3, sums[2 * i + 1]);
            }
        }
    }
}

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
    LOCAL_PTR float4* queries4 = staged4 + PAGE * CHUNK_STRIDE;
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
                UNROLL
                for (int i = 0; i < 8; i++) {
                    found[i] = 0.0f;
                }
                for (int first = 0; first < headDim; first += CHUNK) {
                    BARRIER();
                    stage_queries(
                            query, places, begin, end, 32, headDim, first,
                            (LOCAL_PTR float*) queries4);
                    stage_slots(
                            keys, type, headDim, first, CHUNK, slotBegin, slotEnd, staged,
                            4 * CHUNK_STRIDE);
                    BARRIER();
                    add_scores(queries4, staged4, ownItem, 4, found);
                }
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
                UNROLL
                for (int c = 0; c < MOST_DIM / VALUE_CHUNK; c++) {
                    if (c * VALUE_CHUNK < headDim) {
                        stage_slots(
                                keys + valueOffset, type, headDim, c * VALUE_CHUNK, VALUE_CHUNK,
                                slotBegin, slotEnd, staged, VALUE_CHUNK);
                        BARRIER();
                        UNROLL
                        for (int i = 0; i < 8; i++) {
                            sums[8 * c + i] *= shrinks[ownItem + i / 2];
                        }
                        add_values(
                                scores, staged, slotBegin, slotEnd, ownItem, 4, sums + 8 * c);
                        BARRIER();
                    }
                }
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
    LOCAL_PTR float4* queries4 = staged4 + PAGE * CHUNK_STRIDE;
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
        UNROLL
        for (int i = 0; i < 4; i++) {
            found[i] = 0.0f;
        }
        for (int d = 0; d < headDim; d += CHUNK) {
            BARRIER();
            stage_queries(
                    query, places, 0, items, 8, headDim, d, (LOCAL_PTR float*) queries4);
            stage_slots(
                    keys, type, headDim, d, CHUNK, slotBegin, slotEnd, staged, 4 * CHUNK_STRIDE);
            BARRIER();
            add_scores(queries4, staged4, ownItem, 2, found);
        }
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
        UNROLL
        for (int c = 0; c < MOST_DIM / VALUE_CHUNK; c++) {
            if (c * VALUE_CHUNK < headDim) {
                stage_slots(
                        keys + valueOffset, type, headDim, c * VALUE_CHUNK, VALUE_CHUNK, slotBegin,
                        slotEnd, staged, VALUE_CHUNK);
                BARRIER();
                UNROLL
                for (int i = 0; i < 4; i++) {
                    sums[4 * c + i] *= shrinks[ownItem + i / 2];
                }
                add_values(scores, staged, slotBegin, slotEnd, ownItem, 2, sums + 4 * c);
                BARRIER();
            }
        }
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
