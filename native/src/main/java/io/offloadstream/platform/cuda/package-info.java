/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * Devices by CUDA's driver API (jcuda, reached only after {@code libcuda} was found by JNA),
 * kernels by NVRTC or from the binaries in the jar. What is allocated is charged to the caller's
 * budget; what the context takes is measured when it opens.
 */
package io.offloadstream.platform.cuda;
