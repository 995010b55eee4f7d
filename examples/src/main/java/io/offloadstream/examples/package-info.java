/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** The {@code offloadstream} command line, and short programs that a DJL user copies. */
package io.offloadstream.examples;
