/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The pipeline: weight groups from disk into a ring of slots, ahead of the pass that computes.
 *
 * <p>Bytes come from {@code platform.StorageFile}, land in aligned host memory, and leave as the
 * tensors of a {@link io.offloadstream.stream.GroupLease}.
 */
package io.offloadstream.stream;
