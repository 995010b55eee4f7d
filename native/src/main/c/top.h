/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* The largest values of a row, for the few that a sampler wants. */
#include "vec.h"

/* Values looked at together: nearly all such spans of a vocabulary have none that is large. */
enum { TOP_SPAN = 4 * VL };

/* The largest so far, the largest first. */
typedef struct {
    float *values;
    int32_t *places;
    int32_t wanted;
    int32_t found;
} top_list;

/* Enters a value behind those that are as large. */
static void top_take(top_list *list, float value, int32_t place) {
    const float ranked = value == value ? value : __builtin_inff();
    int32_t at = list->found;
    if (at < list->wanted) {
        list->found++;
    } else if (ranked > list->values[at - 1]) {
        at--;
    } else {
        return;
    }
    for (; at > 0 && ranked > list->values[at - 1]; at--) {
        list->values[at] = list->values[at - 1];
        list->places[at] = list->places[at - 1];
    }
    list->values[at] = ranked;
    list->places[at] = place;
}

/* Whether every value of a span is below `least`, as NaN never is. */
INLINE int is_below(const float *x, float least) {
    const vf limit = v_set1(least), none = v_set1(0.0f), one = v_set1(1.0f);
    vf others = none;
    UNROLL for (int i = 0; i < TOP_SPAN; i += VL) {
        others = v_add(others, v_select_lt(v_load(x + i), limit, none, one));
    }
    return v_sum(others) == 0.0f;
}

static void top(const float *x, int32_t count, int32_t begin, int32_t wanted, float *values,
                int32_t *places) {
    top_list list = {values, places, wanted, 0};
    int32_t i = 0;
    for (; i < count && i < wanted; i++) top_take(&list, x[i], begin + i);
    for (; i + TOP_SPAN <= count; i += TOP_SPAN) {
        if (is_below(x + i, values[wanted - 1])) continue;
        for (int32_t t = i; t < i + TOP_SPAN; t++) top_take(&list, x[t], begin + t);
    }
    for (; i < count; i++) top_take(&list, x[i], begin + i);
    for (i = list.found; i < wanted; i++) {
        values[i] = -__builtin_inff();
        places[i] = -1;
    }
}
