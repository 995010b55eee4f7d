/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */

/**
 * The backend of CUDA and OpenCL devices: one implementation over {@code platform.gpu}, its
 * operators written once as kernels of both languages. Weights, keys and values and activations are
 * in the device's memory; NDArrays and results stay in host memory.
 */
package io.offloadstream.device.gpu;
