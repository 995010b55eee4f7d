/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Weight files: from a tensor name to its dtype, shape and place in a file.
 *
 * <p>Uses {@code platform} and Gson. Reads headers only; weight bytes are read by {@code stream}.
 */
package io.offloadstream.checkpoint;
