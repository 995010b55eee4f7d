/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * A cuFile whose "device memory" is the host's, at addresses less "address_offset". Tests say by fake_cufile_set what it does, and ask
 * by fake_cufile_get what was done to it. A direct read copies from a mapping of the file, so that
 * no read call of the process shows it; a read in compat mode is a pread.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum {
    DRIVER_NOT_INITIALIZED = 5001,
    INVALID_VALUE = 5022,
    ALREADY_REGISTERED = 5023,
    NOT_REGISTERED = 5024,
    HANDLE_NOT_REGISTERED = 5027,
    MOST = 256,
    STATS_BYTES = 5000,
};

typedef struct {
    int code;
    int cuda;
} Status;

typedef struct {
    int type;
    union {
        int fd;
        void *pointer;
    } handle;
    const void *operations;
} Descriptor;

typedef struct {
    unsigned major_version;
    unsigned minor_version;
    size_t poll_thresh_size;
    size_t max_direct_io_size;
    unsigned dstatusflags;
    unsigned dcontrolflags;
} NvidiaFs;

typedef struct {
    NvidiaFs nvfs;
    unsigned fflags;
    unsigned max_device_cache_size;
    unsigned per_buffer_cache_size;
    unsigned max_device_pinned_mem_size;
    unsigned max_batch_io_size;
    unsigned max_batch_io_timeout_msecs;
} Properties;

_Static_assert(sizeof(Status) == 8, "CUfileError_t");
_Static_assert(sizeof(Descriptor) == 24, "CUfileDescr_t");
_Static_assert(sizeof(Properties) == 56, "CUfileDrvProps_t");

typedef struct {
    const char *name;
    long value;
} Entry;

/* What is set: errors are codes of cuFile; path is 0 posix, 1 nvidia-fs, 2 PCI P2PDMA. */
static Entry settings[] = {
    {"open_error", 0},          {"open_cuda", 0},     {"properties_error", 0},
    {"nvfs_major", 0},          {"nvfs_minor", 0},    {"status_flags", 0},
    {"control_flags", 0},       {"allow_compat", 0},  {"force_compat", 0},
    {"p2pdma", 0},              {"handle_error", 0},  {"handle_error_after", -1},
    {"buffer_error", 0},        {"path", 0},          {"buffer_error_after", -1},
    {"address_offset", 0},      {"posix_every", 0},   {"stats_error", 0},
    {"read_errno", 0},          {"read_error", 0},    {"read_error_after", -1},
    {"short_bytes", 0},         {"cache_error", 0},
};

/* What was done. */
static Entry counts[] = {
    {"driver_opens", 0}, {"driver_closes", 0}, {"handles", 0}, {"handles_ever", 0},
    {"buffers", 0},      {"buffers_ever", 0},  {"reads", 0},   {"bytes", 0},
    {"misuses", 0},      {"stats_level", 0},   {"cache_kib", 0},
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct {
    const void *base;
    size_t size;
} buffers[MOST];
static int descriptors[MOST];
static char used[MOST];
static int is_open;
static long posix_reads, nvfs_reads, p2p_reads;

static long *find(Entry *table, size_t entries, const char *name) {
    for (size_t i = 0; i < entries; i++) {
        if (strcmp(table[i].name, name) == 0) {
            return &table[i].value;
        }
    }
    abort(); /* a misspelt test */
}

#define SETTING(name) (*find(settings, sizeof settings / sizeof *settings, name))
#define COUNT(name) (*find(counts, sizeof counts / sizeof *counts, name))

static Status status(int code) { return (Status){code, 0}; }

void fake_cufile_set(const char *name, long value) { SETTING(name) = value; }

long fake_cufile_get(const char *name) { return COUNT(name); }

void fake_cufile_reset(void) {
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        size_t length = strlen(settings[i].name);
        int after = length > 6 && strcmp(settings[i].name + length - 6, "_after") == 0;
        settings[i].value = after ? -1 : 0;
    }
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        counts[i].value = 0;
    }
    memset(buffers, 0, sizeof buffers);
    memset(used, 0, sizeof used);
    is_open = 0;
    posix_reads = nvfs_reads = p2p_reads = 0;
}

Status cuFileDriverOpen(void) {
    COUNT("driver_opens")++;
    Status result = {(int)SETTING("open_error"), (int)SETTING("open_cuda")};
    is_open = result.code == 0;
    return result;
}

Status cuFileDriverClose(void) {
    COUNT("driver_closes")++;
    if (!is_open) {
        return status(DRIVER_NOT_INITIALIZED);
    }
    is_open = 0;
    return status(0);
}

Status cuFileDriverSetMaxCacheSize(size_t kib) {
    if (SETTING("cache_error")) {
        return status((int)SETTING("cache_error"));
    }
    if (!is_open) { /* without effect later */
        COUNT("cache_kib") = (long)kib;
    }
    return status(0);
}

Status cuFileDriverGetProperties(Properties *properties) {
    if (!is_open || SETTING("properties_error")) {
        return status(is_open ? (int)SETTING("properties_error") : DRIVER_NOT_INITIALIZED);
    }
    memset(properties, 0, sizeof *properties);
    properties->nvfs.major_version = (unsigned)SETTING("nvfs_major");
    properties->nvfs.minor_version = (unsigned)SETTING("nvfs_minor");
    properties->nvfs.dstatusflags = (unsigned)SETTING("status_flags");
    properties->nvfs.dcontrolflags = (unsigned)SETTING("control_flags");
    properties->max_batch_io_timeout_msecs = 5;
    return status(0);
}

Status cuFileHandleRegister(void **handle, Descriptor *descriptor) {
    if (!is_open || descriptor->type != 1 || descriptor->operations) {
        return status(INVALID_VALUE);
    }
    long after = SETTING("handle_error_after");
    if (SETTING("handle_error") && COUNT("handles_ever") >= after) {
        return status((int)SETTING("handle_error"));
    }
    for (int i = 0; i < MOST; i++) {
        if (!used[i]) {
            used[i] = 1;
            descriptors[i] = descriptor->handle.fd;
            COUNT("handles")++;
            COUNT("handles_ever")++;
            *handle = &used[i];
            return status(0);
        }
    }
    return status(INVALID_VALUE);
}

void cuFileHandleDeregister(void *handle) {
    char *slot = handle;
    if (slot < used || slot >= used + MOST || !*slot) {
        COUNT("misuses")++;
        return;
    }
    *slot = 0;
    COUNT("handles")--;
}

static int buffer_of(const void *base) {
    for (int i = 0; i < MOST; i++) {
        if (buffers[i].base == base && base) {
            return i;
        }
    }
    return -1;
}

Status cuFileBufRegister(const void *base, size_t size, int flags) {
    if (!is_open || flags || !base || !size) {
        return status(INVALID_VALUE);
    }
    if (SETTING("buffer_error") && COUNT("buffers_ever") >= SETTING("buffer_error_after")) {
        return status((int)SETTING("buffer_error"));
    }
    if (buffer_of(base) >= 0) {
        return status(ALREADY_REGISTERED);
    }
    for (int i = 0; i < MOST; i++) {
        if (!buffers[i].base) {
            buffers[i].base = base;
            buffers[i].size = size;
            COUNT("buffers")++;
            COUNT("buffers_ever")++;
            return status(0);
        }
    }
    return status(INVALID_VALUE);
}

Status cuFileBufDeregister(const void *base) {
    int i = buffer_of(base);
    if (i < 0) {
        COUNT("misuses")++;
        return status(NOT_REGISTERED);
    }
    buffers[i].base = NULL;
    COUNT("buffers")--;
    return status(0);
}

static ssize_t mapped_copy(int fd, char *target, size_t size, off_t offset) {
    struct stat file;
    if (fstat(fd, &file)) {
        return -1;
    }
    if (offset >= file.st_size) {
        return 0;
    }
    size_t rest = (size_t)(file.st_size - offset);
    size_t length = size < rest ? size : rest;
    char *map = mmap(NULL, (size_t)file.st_size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED) {
        return -1;
    }
    memcpy(target, map + offset, length);
    munmap(map, (size_t)file.st_size);
    return (ssize_t)length;
}

/* What of a read needs the lock: checks and counts. Returns 0 to go on. */
static ssize_t begin_read(char *slot, const void *base, size_t size, off_t at, int *posix) {
    int i = buffer_of(base);
    if (slot < used || slot >= used + MOST || !*slot) {
        COUNT("misuses")++;
        return -HANDLE_NOT_REGISTERED;
    }
    if (i < 0 || at < 0 || (size_t)at + size > buffers[i].size) {
        COUNT("misuses")++;
        return -NOT_REGISTERED;
    }
    long done = COUNT("reads")++;
    if (SETTING("read_error") && done >= SETTING("read_error_after")) {
        return -SETTING("read_error");
    }
    if (SETTING("read_errno") && done >= SETTING("read_error_after")) {
        errno = (int)SETTING("read_errno");
        return -1;
    }
    long every = SETTING("posix_every");
    *posix = SETTING("path") == 0 || SETTING("force_compat") || (every && done % every == every - 1);
    return 0;
}

ssize_t cuFileRead(void *handle, void *base, size_t size, off_t offset, off_t at) {
    int posix = 0;
    pthread_mutex_lock(&lock);
    ssize_t refused = begin_read(handle, base, size, at, &posix);
    int reason = errno;
    pthread_mutex_unlock(&lock);
    if (refused) {
        errno = reason;
        return refused;
    }
    size_t most = (size_t)SETTING("short_bytes");
    size_t wanted = most && most < size ? most : size;
    int fd = descriptors[(char *)handle - used];
    char *target = (char *)base - SETTING("address_offset") + at;
    ssize_t count = 0;
    if (posix) {
        /* O_DIRECT wants aligned memory, which the bounce buffer of the real one has too */
        void *bounce = NULL;
        size_t whole = (wanted + 4095) & ~(size_t)4095;
        if (posix_memalign(&bounce, 4096, whole)) {
            errno = ENOMEM;
            return -1;
        }
        count = pread(fd, bounce, whole, offset);
        if (count > (ssize_t)wanted) {
            count = (ssize_t)wanted;
        }
        if (count > 0) {
            memcpy(target, bounce, (size_t)count);
        }
        free(bounce);
    } else {
        count = mapped_copy(fd, target, wanted, offset);
    }
    if (count > 0) {
        pthread_mutex_lock(&lock);
        COUNT("bytes") += count;
        *(posix ? &posix_reads : SETTING("path") == 2 ? &p2p_reads : &nvfs_reads) += 1;
        pthread_mutex_unlock(&lock);
    }
    return count;
}

#ifndef FAKE_OLD

Status cuFileGetVersion(int *version) {
    *version = 1150;
    return status(0);
}

Status cuFileGetParameterBool(int parameter, _Bool *value) {
    switch (parameter) {
        case 1: *value = SETTING("allow_compat") != 0; return status(0);
        case 2: *value = SETTING("force_compat") != 0; return status(0);
        case 7: *value = SETTING("p2pdma") != 0; return status(0);
        default: return status(INVALID_VALUE);
    }
}

Status cuFileGetStatsLevel(int *level) {
    *level = (int)COUNT("stats_level");
    return status(0);
}

Status cuFileSetStatsLevel(int level) {
    if (SETTING("stats_error")) {
        return status((int)SETTING("stats_error"));
    }
    COUNT("stats_level") = level;
    return status(0);
}

Status cuFileStatsStart(void) { return status(is_open ? 0 : DRIVER_NOT_INITIALIZED); }

/* Offsets as cufile.h 1.15 has them; the reads are those of the second of two cards. */
Status cuFileGetStatsL3(void *stats) {
    if (COUNT("stats_level") < 3) {
        return status(INVALID_VALUE);
    }
    char *bytes = stats;
    memset(bytes, 0, STATS_BYTES);
    uint64_t calls = (uint64_t)(posix_reads + nvfs_reads + p2p_reads);
    uint32_t cards = 2;
    char *card = bytes + 1032 + 248;
    memcpy(bytes, &calls, sizeof calls);
    memcpy(bytes + 1024, &cards, sizeof cards);
    memcpy(card + 48, &calls, sizeof calls);
    memcpy(card + 56, &p2p_reads, sizeof calls);
    memcpy(card + 64, &nvfs_reads, sizeof calls);
    memcpy(card + 72, &posix_reads, sizeof calls);
    return status(0);
}

#endif
