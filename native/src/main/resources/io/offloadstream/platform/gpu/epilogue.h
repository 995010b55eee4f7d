/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

#include "activation.h"

/* What becomes of a product: 0 stores it, 1 adds it to what is there, 2 gates what is there with it. */
#define EPILOGUE_ADD 1
#define EPILOGUE_GATE 2

HELPER void finish(GLOBAL float *at, float sum, int epilogue, int code) {
    if (epilogue == EPILOGUE_ADD) {
        sum = *at + sum;
    } else if (epilogue == EPILOGUE_GATE) {
        sum = activation(code, *at) * sum;
    }
    *at = sum;
}
