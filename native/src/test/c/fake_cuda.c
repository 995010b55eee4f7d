/* Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A libcuda.so.1 for machines without a card. Memory is host memory, filled with NaNs and checked for
 * bounds; streams run at once; a call needs a current context as in the real one. Failures are injected
 * with fake_fail; fatal ones stay until the primary context is reset. Kernels run by OpenCL (fake_kernels.c).
 * Only what this project calls is here: jcuda's library binds lazily. */
#define _GNU_SOURCE
#include "fake_cuda.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SUCCESS 0
#define INVALID_VALUE 1
#define OUT_OF_MEMORY 2
#define NO_DEVICE 100
#define INVALID_DEVICE 101
#define INVALID_CONTEXT 201
#define INVALID_HANDLE 400
#define NOT_READY 600
#define ILLEGAL_ADDRESS 700
#define CONTEXT_IS_DESTROYED 709

#define MAXIMUM 4096
#define PAGE_BYTES (2u << 20)
#define CONTEXT_BYTES ((size_t)300 << 20)

typedef struct { int alive; long long generation; } Context;
typedef struct { char *start; size_t size; } Range;
typedef struct { int recorded; long long nanos; } Event;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static Context *primary;
static int retained;
static _Thread_local Context *current;
static Range device_ranges[MAXIMUM], pinned_ranges[MAXIMUM];
static int sticky;
static long long advanced;
static int held_events;
static long long device_bytes_total = 1ll << 30;
static long long unpinned_downloads;
static int version = 12040, device_count = 1, capability = 70;

static struct { char name[64]; int result; int after; } failure;
static struct { char name[64]; long count; } calls[128];

/* Tests set the scene with these. */
void fake_fail(const char *name, int result, int after) {
    pthread_mutex_lock(&lock);
    snprintf(failure.name, sizeof failure.name, "%s", name);
    failure.result = result;
    failure.after = after;
    pthread_mutex_unlock(&lock);
}

void fake_set(const char *name, long long value) {
    if (!strcmp(name, "version")) version = (int)value;
    if (!strcmp(name, "devices")) device_count = (int)value;
    if (!strcmp(name, "capability")) capability = (int)value;
    if (!strcmp(name, "memory")) device_bytes_total = value;
    if (!strcmp(name, "held_events")) held_events = (int)value;
    if (!strcmp(name, "advance")) advanced += value;
}

static long long total(Range *ranges) {
    long long sum = 0;
    for (int i = 0; i < MAXIMUM; i++) {
        if (ranges[i].start) sum += (long long)ranges[i].size;
    }
    return sum;
}

long long fake_get(const char *name) {
    if (!strcmp(name, "device_bytes")) return total(device_ranges);
    if (!strcmp(name, "pinned_bytes")) return total(pinned_ranges);
    if (!strcmp(name, "retained")) return retained;
    if (!strcmp(name, "unpinned_downloads")) return unpinned_downloads;
    for (int i = 0; i < 128; i++) {
        if (!strcmp(calls[i].name, name)) return calls[i].count;
    }
    return 0;
}

static int fatal(int result) {
    return result == ILLEGAL_ADDRESS || result == 719 || result == 46 || result == 214 || result == 999;
}

/* Counts a call; returns what it shall fail with, or SUCCESS. Called with the lock held. */
static int enter(const char *name, int needs_context) {
    for (int i = 0; i < 128; i++) {
        if (!calls[i].name[0]) snprintf(calls[i].name, sizeof calls[i].name, "%s", name);
        if (!strcmp(calls[i].name, name)) {
            calls[i].count++;
            break;
        }
    }
    if (needs_context && !current) return INVALID_CONTEXT;
    if (needs_context && !current->alive) return CONTEXT_IS_DESTROYED;
    if (needs_context && sticky) return sticky;
    if (failure.result && !strcmp(failure.name, name) && failure.after-- == 0) {
        int result = failure.result;
        failure.result = 0;
        if (fatal(result)) sticky = result;
        return result;
    }
    return SUCCESS;
}

#define ENTER(needs_context)                                  \
    pthread_mutex_lock(&lock);                                \
    int result = enter(__func__, needs_context);              \
    if (result) {                                             \
        pthread_mutex_unlock(&lock);                          \
        return result;                                        \
    }
#define LEAVE(value)                                          \
    do {                                                      \
        int leaving = (value);                                \
        pthread_mutex_unlock(&lock);                          \
        return leaving;                                       \
    } while (0)

int cuInit(unsigned flags) { ENTER(0); (void)flags; LEAVE(device_count ? SUCCESS : NO_DEVICE); }
int cuDriverGetVersion(int *value) { ENTER(0); *value = version; LEAVE(SUCCESS); }
int cuDeviceGetCount(int *count) { ENTER(0); *count = device_count; LEAVE(SUCCESS); }

int cuGetErrorName(int error, const char **text) {
    *text = error == OUT_OF_MEMORY     ? "CUDA_ERROR_OUT_OF_MEMORY"
            : error == ILLEGAL_ADDRESS ? "CUDA_ERROR_ILLEGAL_ADDRESS"
            : error == 719             ? "CUDA_ERROR_LAUNCH_FAILED"
                                       : "CUDA_ERROR";
    return SUCCESS;
}

int cuGetErrorString(int error, const char **text) {
    (void)error;
    *text = "injected, or refused by the fake driver";
    return SUCCESS;
}

int cuDeviceGet(int *device, int ordinal) {
    ENTER(0);
    *device = ordinal;
    LEAVE(ordinal < device_count ? SUCCESS : INVALID_DEVICE);
}

int cuDeviceGetName(char *name, int length, int device) {
    ENTER(0);
    snprintf(name, (size_t)length, "Fake Card %d", device);
    LEAVE(SUCCESS);
}

int cuDeviceGetPCIBusId(char *text, int length, int device) {
    ENTER(0);
    snprintf(text, (size_t)length, "0000:%02X:00.0", 0x3B + device);
    LEAVE(SUCCESS);
}

int cuDeviceTotalMem_v2(size_t *bytes, int device) {
    ENTER(0);
    (void)device;
    *bytes = (size_t)device_bytes_total;
    LEAVE(SUCCESS);
}

int cuDeviceGetAttribute(int *value, int attribute, int device) {
    ENTER(0);
    (void)device;
    *value = attribute == 75 ? capability / 10 : attribute == 76 ? capability % 10 : attribute == 16 ? 4 : 0;
    LEAVE(SUCCESS);
}

int cuDevicePrimaryCtxRetain(void **context, int device) {
    ENTER(0);
    (void)device;
    if (sticky) LEAVE(sticky);
    if (!primary) {
        primary = calloc(1, sizeof *primary);
        primary->alive = 1;
    }
    retained++;
    *context = primary;
    LEAVE(SUCCESS);
}

static void destroy(void) {
    if (primary) primary->alive = 0; /* kept: stale handles of other threads must be seen as such */
    primary = NULL;
    retained = 0;
    for (int i = 0; i < MAXIMUM; i++) {
        free(device_ranges[i].start);
        device_ranges[i].start = NULL;
        /* Pinned memory is unmapped by the real one: whoever still reads it has a bug that must show */
        free(pinned_ranges[i].start);
        pinned_ranges[i].start = NULL;
    }
}

int cuDevicePrimaryCtxRelease_v2(int device) {
    ENTER(0);
    (void)device;
    if (retained == 0) LEAVE(INVALID_CONTEXT);
    if (--retained == 0) destroy();
    LEAVE(SUCCESS);
}

int cuDevicePrimaryCtxReset_v2(int device) {
    ENTER(0);
    (void)device;
    destroy();
    sticky = 0;
    LEAVE(SUCCESS);
}

int cuCtxSetCurrent(void *context) {
    ENTER(0);
    current = context;
    LEAVE(SUCCESS);
}

int cuMemGetInfo_v2(size_t *free_bytes, size_t *total_bytes) {
    ENTER(1);
    *total_bytes = (size_t)device_bytes_total;
    *free_bytes = (size_t)(device_bytes_total - (long long)CONTEXT_BYTES - total(device_ranges));
    LEAVE(SUCCESS);
}

static int allocate(Range *ranges, void **target, size_t size, size_t alignment, size_t unit) {
    size_t rounded = (size + unit - 1) / unit * unit;
    for (int i = 0; i < MAXIMUM; i++) {
        if (!ranges[i].start) {
            void *memory = NULL;
            if (posix_memalign(&memory, alignment, rounded)) return OUT_OF_MEMORY;
            memset(memory, 0xff, rounded);
            ranges[i].start = memory;
            ranges[i].size = rounded;
            *target = memory;
            return SUCCESS;
        }
    }
    return OUT_OF_MEMORY;
}

static int release(Range *ranges, void *start) {
    for (int i = 0; start && i < MAXIMUM; i++) {
        if (ranges[i].start == start) {
            free(start);
            ranges[i].start = NULL;
            return SUCCESS;
        }
    }
    return INVALID_VALUE;
}

int cuMemAlloc_v2(void **target, size_t size) {
    ENTER(1);
    if (total(device_ranges) + (long long)(size + CONTEXT_BYTES) > device_bytes_total) LEAVE(OUT_OF_MEMORY);
    LEAVE(allocate(device_ranges, target, size, 512, PAGE_BYTES));
}

int cuMemFree_v2(void *start) { ENTER(1); LEAVE(release(device_ranges, start)); }

/* Off a page on purpose, as the real one may be for small sizes. */
int cuMemHostAlloc(void **target, size_t size, unsigned flags) {
    ENTER(1);
    (void)flags;
    LEAVE(allocate(pinned_ranges, target, size, size < 4096 ? 512 : 4096, 64));
}

int cuMemFreeHost(void *start) { ENTER(1); LEAVE(release(pinned_ranges, start)); }

static int inside(const Range *ranges, const char *start, size_t size) {
    for (int i = 0; i < MAXIMUM; i++) {
        const Range *range = &ranges[i];
        if (range->start && start >= range->start && size <= range->size
            && (size_t)(start - range->start) <= range->size - size) {
            return 1;
        }
    }
    return 0;
}

int fake_inside(const char *start, size_t size) { return inside(device_ranges, start, size); }

static int copied(void *target, const void *source, size_t size, const void *on_device) {
    if (!fake_inside(on_device, size)) return sticky = ILLEGAL_ADDRESS;
    memmove(target, source, size);
    return SUCCESS;
}

/* The real one waits for what comes into memory that is not pinned. */
static int downloaded(void *target, const void *source, size_t size) {
    if (!inside(pinned_ranges, target, size)) unpinned_downloads++;
    return copied(target, source, size, source);
}

int cuMemcpyHtoDAsync_v2(void *target, const void *source, size_t size, void *stream) {
    ENTER(1);
    LEAVE(stream ? copied(target, source, size, target) : INVALID_HANDLE);
}

int cuMemcpyDtoHAsync_v2(void *target, const void *source, size_t size, void *stream) {
    ENTER(1);
    LEAVE(stream ? downloaded(target, source, size) : INVALID_HANDLE);
}

int cuMemcpyDtoDAsync_v2(void *target, const void *source, size_t size, void *stream) {
    ENTER(1);
    if (!stream) LEAVE(INVALID_HANDLE);
    LEAVE(fake_inside(target, size) ? copied(target, source, size, source) : (sticky = ILLEGAL_ADDRESS));
}

/* CUDA_MEMCPY2D of cuda.h. */
typedef struct {
    size_t source_x, source_y;
    int source_type;
    const char *source_host;
    char *source_device;
    void *source_array;
    size_t source_pitch, target_x, target_y;
    int target_type;
    char *target_host, *target_device;
    void *target_array;
    size_t target_pitch, width, height;
} Copy2D;

int cuMemcpy2DAsync_v2(const Copy2D *copy, void *stream) {
    ENTER(1);
    if (!stream || copy->source_type != 2 || copy->target_type != 1) LEAVE(INVALID_VALUE);
    if (copy->source_pitch < copy->width || copy->target_pitch < copy->width) LEAVE(INVALID_VALUE);
    for (size_t row = 0; row < copy->height; row++) {
        const char *source = copy->source_device + row * copy->source_pitch;
        int failed = downloaded(copy->target_host + row * copy->target_pitch, source, copy->width);
        if (failed) LEAVE(failed);
    }
    LEAVE(SUCCESS);
}

int cuStreamCreate(void **stream, unsigned flags) {
    ENTER(1);
    (void)flags;
    *stream = malloc(8);
    LEAVE(SUCCESS);
}

int cuStreamDestroy_v2(void *stream) { ENTER(1); free(stream); LEAVE(SUCCESS); }
int cuStreamSynchronize(void *stream) { ENTER(1); LEAVE(stream ? SUCCESS : INVALID_HANDLE); }
int cuStreamQuery(void *stream) { ENTER(1); LEAVE(stream ? SUCCESS : INVALID_HANDLE); }

int cuStreamWaitEvent(void *stream, Event *event, unsigned flags) {
    ENTER(1);
    (void)flags;
    LEAVE(stream && event->recorded ? SUCCESS : INVALID_HANDLE);
}

int cuEventCreate(Event **event, unsigned flags) {
    ENTER(1);
    (void)flags;
    *event = calloc(1, sizeof **event);
    LEAVE(SUCCESS);
}

int cuEventDestroy_v2(Event *event) { ENTER(0); free(event); LEAVE(SUCCESS); }

int cuEventRecord(Event *event, void *stream) {
    ENTER(1);
    if (!stream) LEAVE(INVALID_HANDLE);
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    event->nanos = now.tv_sec * 1000000000ll + now.tv_nsec + advanced;
    event->recorded = 1;
    LEAVE(SUCCESS);
}

int cuEventQuery(Event *event) { ENTER(1); (void)event; LEAVE(held_events ? NOT_READY : SUCCESS); }
int cuEventSynchronize(Event *event) { ENTER(1); LEAVE(event->recorded ? SUCCESS : INVALID_HANDLE); }

int cuEventElapsedTime(float *millis, Event *from, Event *to) {
    ENTER(1);
    if (held_events) LEAVE(NOT_READY);
    if (!from->recorded || !to->recorded) LEAVE(INVALID_HANDLE);
    *millis = (float)((double)(to->nanos - from->nanos) / 1e6);
    LEAVE(SUCCESS);
}

int cuModuleLoadDataEx(void **module, const void *image, unsigned count, int *options, void **values) {
    ENTER(1);
    char *log = NULL;
    size_t log_bytes = 0;
    for (unsigned i = 0; i < count; i++) {
        if (options[i] == 5) log = values[i];
        if (options[i] == 6) log_bytes = (size_t)values[i];
    }
    LEAVE(fake_module_load(module, image, log, log_bytes));
}

int cuModuleUnload(void *module) { ENTER(1); LEAVE(fake_module_unload(module)); }

int cuModuleGetFunction(void **function, void *module, const char *name) {
    ENTER(1);
    LEAVE(fake_module_function(function, module, name));
}

int cuFuncGetParamInfo(void *function, size_t index, size_t *offset, size_t *size) {
    ENTER(1);
    LEAVE(fake_parameter(function, index, offset, size));
}

int cuLaunchKernel(void *function, unsigned x, unsigned y, unsigned z, unsigned threads_x, unsigned threads_y,
                   unsigned threads_z, unsigned shared_bytes, void *stream, void **parameters, void **extra) {
    ENTER(1);
    if (!stream || extra || shared_bytes || threads_y != 1 || threads_z != 1) LEAVE(INVALID_VALUE);
    int failed = fake_launch(function, x, y, z, threads_x, parameters);
    if (fatal(failed)) sticky = failed;
    LEAVE(failed);
}
