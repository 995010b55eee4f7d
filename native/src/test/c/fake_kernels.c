/* Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * Kernels of the fake driver: a module's text is OpenCL C, compiled and run by the first OpenCL device that
 * takes addresses of this process (PoCL). OpenCL's types are declared here, so that no header is needed. */
#define _GNU_SOURCE
#include "fake_cuda.h"

#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define INVALID_VALUE 1
#define INVALID_IMAGE 200
#define NOT_FOUND 500
#define ILLEGAL_ADDRESS 700
#define NOT_SUPPORTED 801

#define CL_DEVICE_TYPE_ALL 0xFFFFFFFFu
#define CL_PROGRAM_BUILD_LOG 0x1183
#define CL_KERNEL_NUM_ARGS 0x1191
#define CL_KERNEL_ARG_ADDRESS_QUALIFIER 0x1196
#define CL_KERNEL_ARG_TYPE_NAME 0x1198
#define CL_KERNEL_ARG_ADDRESS_GLOBAL 0x119B
#define MAXIMUM_PARAMETERS 128

typedef void *Handle;

static struct {
    int32_t (*GetPlatformIDs)(uint32_t, Handle *, uint32_t *);
    int32_t (*GetDeviceIDs)(Handle, uint64_t, uint32_t, Handle *, uint32_t *);
    Handle (*CreateContext)(const intptr_t *, uint32_t, const Handle *, void *, void *, int32_t *);
    Handle (*CreateCommandQueue)(Handle, Handle, uint64_t, int32_t *);
    Handle (*CreateProgramWithSource)(Handle, uint32_t, const char **, const size_t *, int32_t *);
    int32_t (*BuildProgram)(Handle, uint32_t, const Handle *, const char *, void *, void *);
    int32_t (*GetProgramBuildInfo)(Handle, Handle, uint32_t, size_t, void *, size_t *);
    int32_t (*ReleaseProgram)(Handle);
    Handle (*CreateKernel)(Handle, const char *, int32_t *);
    int32_t (*GetKernelInfo)(Handle, uint32_t, size_t, void *, size_t *);
    int32_t (*GetKernelArgInfo)(Handle, uint32_t, uint32_t, size_t, void *, size_t *);
    int32_t (*SetKernelArg)(Handle, uint32_t, size_t, const void *);
    int32_t (*SetKernelArgSVMPointer)(Handle, uint32_t, const void *);
    int32_t (*EnqueueNDRangeKernel)(Handle, Handle, uint32_t, const size_t *, const size_t *, const size_t *,
                                    uint32_t, const Handle *, Handle *);
    int32_t (*Finish)(Handle);
} cl;

static Handle device, context, queue;

typedef struct {
    Handle kernel;
    uint32_t count;
    unsigned char is_pointer[MAXIMUM_PARAMETERS];
    unsigned char size[MAXIMUM_PARAMETERS];
} Function;

static int load_opencl(void) {
    if (queue) return 1;
    void *library = dlopen("libOpenCL.so.1", RTLD_NOW | RTLD_LOCAL);
    if (!library) return 0;
#define LOAD(name) if (!(*(void **)&cl.name = dlsym(library, "cl" #name))) return 0
    LOAD(GetPlatformIDs);
    LOAD(GetDeviceIDs);
    LOAD(CreateContext);
    LOAD(CreateCommandQueue);
    LOAD(CreateProgramWithSource);
    LOAD(BuildProgram);
    LOAD(GetProgramBuildInfo);
    LOAD(ReleaseProgram);
    LOAD(CreateKernel);
    LOAD(GetKernelInfo);
    LOAD(GetKernelArgInfo);
    LOAD(SetKernelArg);
    LOAD(SetKernelArgSVMPointer);
    LOAD(EnqueueNDRangeKernel);
    LOAD(Finish);
    Handle platforms[8];
    uint32_t count = 0;
    if (cl.GetPlatformIDs(8, platforms, &count) || !count) return 0;
    int32_t error = cl.GetDeviceIDs(platforms[0], CL_DEVICE_TYPE_ALL, 1, &device, NULL);
    if (error) return 0;
    context = cl.CreateContext(NULL, 1, &device, NULL, NULL, &error);
    if (error) return 0;
    queue = cl.CreateCommandQueue(context, device, 0, &error);
    return !error;
}

/* Whether kernels can run: tests that need them skip where not. */
int fake_computes(void) { return load_opencl(); }

int fake_module_load(void **module, const char *image, char *log, size_t log_bytes) {
    if (strncmp(image, FAKE_IMAGE, strlen(FAKE_IMAGE))) return INVALID_IMAGE;
    if (!load_opencl()) return NOT_SUPPORTED;
    const char *source = image + strlen(FAKE_IMAGE);
    int32_t error;
    Handle program = cl.CreateProgramWithSource(context, 1, &source, NULL, &error);
    if (error) return INVALID_IMAGE;
    if (cl.BuildProgram(program, 1, &device, "-cl-std=CL1.2 -cl-kernel-arg-info", NULL, NULL)) {
        if (log) cl.GetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, log_bytes, log, NULL);
        return INVALID_IMAGE;
    }
    *module = program;
    return 0;
}

int fake_module_unload(void *module) { return cl.ReleaseProgram(module) ? INVALID_VALUE : 0; }

int fake_module_function(void **function, void *module, const char *name) {
    int32_t error;
    Handle kernel = cl.CreateKernel(module, name, &error);
    if (error) return NOT_FOUND;
    Function *made = calloc(1, sizeof *made);
    made->kernel = kernel;
    cl.GetKernelInfo(kernel, CL_KERNEL_NUM_ARGS, sizeof made->count, &made->count, NULL);
    for (uint32_t i = 0; i < made->count && i < MAXIMUM_PARAMETERS; i++) {
        uint32_t space = 0;
        char type[64] = "";
        cl.GetKernelArgInfo(kernel, i, CL_KERNEL_ARG_ADDRESS_QUALIFIER, sizeof space, &space, NULL);
        cl.GetKernelArgInfo(kernel, i, CL_KERNEL_ARG_TYPE_NAME, sizeof type, type, NULL);
        made->is_pointer[i] = space == CL_KERNEL_ARG_ADDRESS_GLOBAL;
        made->size[i] = made->is_pointer[i] || strstr(type, "long") || strstr(type, "64") ? 8 : 4;
    }
    *function = made;
    return 0;
}

int fake_parameter(void *function, size_t index, size_t *offset, size_t *size) {
    const Function *made = function;
    if (index >= made->count) return INVALID_VALUE;
    size_t at = 0;
    for (size_t i = 0; i <= index; i++) {
        at = (at + made->size[i] - 1) / made->size[i] * made->size[i];
        if (i < index) at += made->size[i];
    }
    *offset = at;
    *size = made->size[index];
    return 0;
}

int fake_launch(void *function, unsigned x, unsigned y, unsigned z, unsigned threads, void **parameters) {
    const Function *made = function;
    for (uint32_t i = 0; i < made->count; i++) {
        int32_t error;
        if (made->is_pointer[i]) {
            char *address = *(char **)parameters[i];
            if (address && !fake_inside(address, 1)) return ILLEGAL_ADDRESS;
            error = address ? cl.SetKernelArgSVMPointer(made->kernel, i, address)
                            : cl.SetKernelArg(made->kernel, i, sizeof(Handle), NULL);
        } else {
            error = cl.SetKernelArg(made->kernel, i, made->size[i], parameters[i]);
        }
        if (error) return INVALID_VALUE;
    }
    size_t local[3] = {threads, 1, 1};
    size_t global[3] = {(size_t)x * threads, y, z};
    int32_t error = cl.EnqueueNDRangeKernel(queue, made->kernel, 3, NULL, global, local, 0, NULL, NULL);
    if (error) return INVALID_VALUE;
    return cl.Finish(queue) ? 719 : 0;
}
