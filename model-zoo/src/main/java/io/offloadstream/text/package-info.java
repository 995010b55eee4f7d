/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** Text in and out: tokenizer, chat template, sampling, incremental detokenisation. */
package io.offloadstream.text;
