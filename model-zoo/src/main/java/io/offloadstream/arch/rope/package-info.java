/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** Rotary position embeddings: one file per scaling, each a formula of transformers in float32. */
package io.offloadstream.arch.rope;
