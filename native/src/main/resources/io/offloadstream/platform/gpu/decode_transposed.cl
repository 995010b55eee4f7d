/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/* Products of up to 8 rows with weights (in, out). */

#define ROWS 1
#include "decode_transposed.inc"

#define ROWS 2
#include "decode_transposed.inc"

#define ROWS 4
#include "decode_transposed.inc"

#define ROWS 8
#include "decode_transposed.inc"
