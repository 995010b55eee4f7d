/* Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 *
 * An NVRTC for the fake driver: its cubin is the module's text behind OpenCL's prelude instead of CUDA's.
 * FAKE_SOURCES is the folder of the preludes, given when this is compiled. */
#define _GNU_SOURCE
#include "fake_cuda.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PROGRAM_CREATION_FAILURE 2
#define COMPILATION 6

typedef struct { char *source; char *image; const char *log; } Program;

static long compilations;

long fake_compilations(void) { return compilations; }

static int architectures[] = {60, 80, 90};

/* The cards that it knows, ascending. */
void fake_architectures(int first, int second, int third) {
    architectures[0] = first;
    architectures[1] = second;
    architectures[2] = third;
}

int nvrtcVersion(int *major, int *minor) { *major = 12; *minor = 4; return 0; }
int nvrtcGetNumSupportedArchs(int *count) { *count = 3; return 0; }
int nvrtcGetSupportedArchs(int *list) { memcpy(list, architectures, sizeof architectures); return 0; }
const char *nvrtcGetErrorString(int result) { return result == COMPILATION ? "NVRTC_ERROR_COMPILATION" : "error"; }

static char *read_file(const char *name) {
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", FAKE_SOURCES, name);
    FILE *file = fopen(path, "rb");
    if (!file) return NULL;
    fseek(file, 0, SEEK_END);
    long size = ftell(file);
    rewind(file);
    char *text = calloc(1, (size_t)size + 1);
    size_t read = fread(text, 1, (size_t)size, file);
    fclose(file);
    return read == (size_t)size ? text : NULL;
}

int nvrtcCreateProgram(Program **program, const char *source, const char *name, int headers, void *texts, void *names) {
    (void)name, (void)headers, (void)texts, (void)names;
    *program = calloc(1, sizeof **program);
    (*program)->source = strdup(source);
    (*program)->log = "";
    return 0;
}

int nvrtcCompileProgram(Program *program, int count, const char **options) {
    (void)count, (void)options;
    compilations++;
    char *cuda = read_file("prelude_cuda.h");
    char *opencl = read_file("prelude_opencl.h");
    if (!cuda || !opencl) return PROGRAM_CREATION_FAILURE;
    size_t length = strlen(cuda);
    if (strncmp(program->source, cuda, length)) {
        program->log = "the source does not begin with prelude_cuda.h";
        return COMPILATION;
    }
    if (strstr(program->source, "#error")) {
        program->log = "error: #error in the source";
        return COMPILATION;
    }
    size_t size = strlen(FAKE_IMAGE) + strlen(opencl) + strlen(program->source) - length + 1;
    program->image = malloc(size);
    snprintf(program->image, size, "%s%s%s", FAKE_IMAGE, opencl, program->source + length);
    free(cuda);
    free(opencl);
    return 0;
}

int nvrtcGetProgramLogSize(Program *program, size_t *size) { *size = strlen(program->log) + 1; return 0; }
int nvrtcGetProgramLog(Program *program, char *log) { strcpy(log, program->log); return 0; }
int nvrtcGetCUBINSize(Program *program, size_t *size) { *size = strlen(program->image) + 1; return 0; }
int nvrtcGetCUBIN(Program *program, char *image) { strcpy(image, program->image); return 0; }
/* Not by calling the others: where the real library is loaded too, their names may be its own. */
int nvrtcGetPTXSize(Program *program, size_t *size) { *size = strlen(program->image) + 1; return 0; }
int nvrtcGetPTX(Program *program, char *image) { strcpy(image, program->image); return 0; }

int nvrtcDestroyProgram(Program **program) {
    free((*program)->source);
    free((*program)->image);
    free(*program);
    *program = NULL;
    return 0;
}
