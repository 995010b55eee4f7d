/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * What CUDA and OpenCL have in common: a device with memory, streams, events and kernels compiled
 * from one source. Implemented by {@code platform.cuda} and {@code platform.opencl}; used by the
 * engine's {@code device.gpu}, which holds the operators.
 */
package io.offloadstream.platform.gpu;
