/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** The key/value cache: pages of host memory that grow with the sequences. */
package io.offloadstream.cache;
