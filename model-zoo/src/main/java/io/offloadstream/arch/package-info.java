/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** One file per architecture: its names in the checkpoint, and its forward pass as equations. */
package io.offloadstream.arch;
