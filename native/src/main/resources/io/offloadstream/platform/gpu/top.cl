// Copyright 2026 The OffloadStream authors
// SPDX-License-Identifier: Apache-2.0
//
// The largest values of rows: each group sorts 2048 of them and gives the first ones; run again on
// those until one group holds all. Larger values come first, of equal ones the smaller place; what is
// no number counts as positive infinity; beyond the row are places of NO_PLACE, last of all.

#define PART 2048
#define NO_PLACE 2147483647

KERNEL(256) void top_of_parts(
        BUFFER(const float, values),
        BUFFER(const int, places),
        BUFFER(float, topValues),
        BUFFER(int, topPlaces),
        int width,
        int count,
        int columnBegin) {
    POINTER(const float, values);
    POINTER(const int, places);
    POINTER(float, topValues);
    POINTER(int, topPlaces);
    SHARED(float, keys, PART);
    SHARED(int, origins, PART);
    INT64 row = (INT64) GROUP_Y * width;
    for (int i = THREAD; i < PART; i += 256) {
        int column = GROUP_X * PART + i;
        float key = -INF;
        int origin = NO_PLACE;
        if (column < width) {
            float value = values[row + column];
            key = value == value ? value : INF;
            origin = IS_NULL(places) ? columnBegin + column : places[row + column];
        }
        keys[i] = key;
        origins[i] = origin;
    }
    // a bitonic sort: runs of "size" become sorted, every other one backwards
    for (int size = 2; size <= PART; size *= 2) {
        for (int stride = size / 2; stride > 0; stride /= 2) {
            BARRIER();
            for (int pair = THREAD; pair < PART / 2; pair += 256) {
                int low = 2 * stride * (pair / stride) + pair % stride;
                int high = low + stride;
                float a = keys[low];
                float b = keys[high];
                int from = origins[low];
                int other = origins[high];
                bool first = a > b || (a == b && from < other);
                if (first != ((low & size) == 0)) {
                    keys[low] = b;
                    keys[high] = a;
                    origins[low] = other;
                    origins[high] = from;
                }
            }
        }
    }
    BARRIER();
    INT64 target = ((INT64) GROUP_Y * GROUPS_X + GROUP_X) * count;
    for (int i = THREAD; i < count; i += 256) {
        int origin = origins[i];
        topValues[target + i] = keys[i];
        topPlaces[target + i] = GROUPS_X == 1 && origin == NO_PLACE ? -1 : origin;
    }
}
