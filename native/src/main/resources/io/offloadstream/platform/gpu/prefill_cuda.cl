/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/*
 * Products of many rows on the matrix units of NVIDIA cards, from sm_80 on: prefill.cl's linear for weights of 16 bits
 * in rows of whole, aligned vectors of 8.
 *
 * A group of 256 threads makes a tile of 128 (or, for few rows, 64) rows and 128 outputs, its 8 warps 2 by 4 parts of it,
 * 32 columns at a time. Weights are copied into workgroup memory past the registers, a step ahead; activations pass
 * through registers, where they become the weights' type:
 *   linear_bf16, linear_f16: rounded to it, computeType bfloat16 and float16;
 *   linear_bf16x3: split into three bfloat16 terms of 8 bits each, which add up to the float32 exactly; computeType
 *   float32. Three products take the place of one, and each 16 columns' sum is added up outside the matrix units.
 *
 * An element's sum is made in the order of the columns whatever the tile, so its bits do not depend on the rows.
 * Layouts of the fragments: PTX ISA, Matrix Fragments for mma.m16n8k16 with .f16 and .bf16, and ldmatrix.
 */
#include "prefill_cuda.h"

#define PACKED 0

#define NAME linear_bf16_128
#define TYPE bf16
#define TO_HALF round_to_bf16
#define TERMS 1
#define ROW_TILES 4
#include "prefill_cuda.inc"

#define NAME linear_bf16_64
#define TYPE bf16
#define TO_HALF round_to_bf16
#define TERMS 1
#define ROW_TILES 2
#include "prefill_cuda.inc"

#define NAME linear_f16_128
#define TYPE f16
#define TO_HALF float_to_half
#define TERMS 1
#define ROW_TILES 4
#include "prefill_cuda.inc"

#define NAME linear_f16_64
#define TYPE f16
#define TO_HALF float_to_half
#define TERMS 1
#define ROW_TILES 2
#include "prefill_cuda.inc"

#define NAME linear_bf16x3_128
#define TYPE bf16
#define TO_HALF round_to_bf16
#define TERMS 3
#define ROW_TILES 4
#include "prefill_cuda.inc"

#define NAME linear_bf16x3_64
#define TYPE bf16
#define TO_HALF round_to_bf16
#define TERMS 3
#define ROW_TILES 2
#include "prefill_cuda.inc"
