/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The small set of operators that architectures are written in, and the tensors they take.
 *
 * <p>Uses {@code platform} and {@code checkpoint}. Implemented by {@code device}.
 */
package io.offloadstream.ops;
