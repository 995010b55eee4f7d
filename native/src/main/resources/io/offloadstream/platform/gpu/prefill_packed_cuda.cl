/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * Products of many rows on the matrix units of NVIDIA cards with losslessly packed weights: prefill_cuda.cl's kernels for
 * bfloat16, to the bit, whose weights pass through registers, where they are unpacked.
 */
#include "prefill_cuda.h"

#define PACKED 1

#define NAME linear_packed_128
#define TYPE bf16
#define TO_HALF round_to_bf16
#define TERMS 1
#define ROW_TILES 4
#include "prefill_cuda.inc"

#define NAME linear_packed_64
#define TYPE bf16
#define TO_HALF round_to_bf16
#define TERMS 1
#define ROW_TILES 2
#include "prefill_cuda.inc"

#define NAME linear_packed_x3_128
#define TYPE bf16
#define TO_HALF round_to_bf16
#define TERMS 3
#define ROW_TILES 4
#include "prefill_cuda.inc"

#define NAME linear_packed_x3_64
#define TYPE bf16
#define TO_HALF round_to_bf16
#define TERMS 3
#define ROW_TILES 2
#include "prefill_cuda.inc"
