/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * How weights are stored: tensors read row by row, and encoders that write them in another type.
 *
 * <p>Uses {@code platform} and {@code checkpoint}. Rows come from the files of a checkpoint, a
 * chunk at a time, and go where the caller says; nothing here keeps a tensor in memory.
 */
package io.offloadstream.quant;
