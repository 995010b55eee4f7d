/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/** The CPU backend: operators on host memory by the kernels of {@code platform}. */
package io.offloadstream.device.cpu;
