/* Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef FAKE_CUDA_H
#define FAKE_CUDA_H

#include <stddef.h>

/* What a "cubin" of the fake NVRTC begins with; OpenCL C follows, then a zero. */
#define FAKE_IMAGE "FAKE CUBIN\n"

/* Whether [start, +size) lies in memory of the device. */
int fake_inside(const char *start, size_t size);

/* fake_kernels.c: the driver's calls about kernels, with its results. */
int fake_module_load(void **module, const char *image, char *log, size_t log_bytes);
int fake_module_unload(void *module);
int fake_module_function(void **function, void *module, const char *name);
int fake_parameter(void *function, size_t index, size_t *offset, size_t *size);
int fake_launch(void *function, unsigned x, unsigned y, unsigned z, unsigned threads, void **parameters);

#endif
