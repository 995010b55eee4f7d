/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The key/value cache: pages that grow with the sequences, in host memory or on a device, and the
 * tables that kernels find them by.
 */
package io.offloadstream.cache;
