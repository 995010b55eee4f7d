/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** Backends: what computes. Nothing above this package knows which device runs. */
package io.offloadstream.device;
