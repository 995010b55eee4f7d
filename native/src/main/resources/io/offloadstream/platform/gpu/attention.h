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

// Scores a page's keys: two slots of each of this thread's items.
HELPER void score_page(
        GLOBAL const float* query,
        LOCAL_PTR const INT64* places,
        int begin,
        int end,
        int items,
        GLOBAL const uchar* keys,
        int type,
        int headDim,
        int slotBegin,
        int slotEnd,
        LOCAL_PTR float4* staged4,
        int ownItem,
        int own,
        float* found) {
    LOCAL_PTR float4* queries4 = staged4 + PAGE * CHUNK_STRIDE;
    UNROLL
    for (int i = 0; i < 2 * own; i++) {
        found[i] = 0.0f;
    }
    for (int first = 0; first < headDim; first += CHUNK) {
        BARRIER();
        stage_queries(
                query, places, begin, end, items, headDim, first, (LOCAL_PTR float*) queries4);
        stage_slots(
                keys, type, headDim, first, CHUNK, slotBegin, slotEnd, (LOCAL_PTR float*) staged4,
                4 * CHUNK_STRIDE);
        BARRIER();
        add_scores(queries4, staged4, ownItem, own, found);
    }
}

// Adds a page's values to the sums of this thread's items, which shrink first.
HELPER void add_page(
        GLOBAL const uchar* values,
        int type,
        int headDim,
        int slotBegin,
        int slotEnd,
        LOCAL_PTR const float* scores,
        LOCAL_PTR float* staged,
        LOCAL_PTR const float* shrinks,
        int ownItem,
        int own,
        float* sums) {
    UNROLL
    for (int c = 0; c < MOST_DIM / VALUE_CHUNK; c++) {
        if (c * VALUE_CHUNK < headDim) {
            stage_slots(
                    values, type, headDim, c * VALUE_CHUNK, VALUE_CHUNK, slotBegin, slotEnd, staged,
                    VALUE_CHUNK);
            BARRIER();
            UNROLL
            for (int i = 0; i < 2 * own; i++) {
                sums[2 * own * c + i] *= shrinks[ownItem + i / 2];
            }
            add_values(
                    scores, staged, slotBegin, slotEnd, ownItem, own, sums + 2 * own * c);
            BARRIER();
        }
    }
}
