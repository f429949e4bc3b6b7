/* A CUDA driver without a device: enough of libcuda.so.1 for the real cuda.bindings to be called as
 * on a GPU. Host memory is device memory, the one kernel is y = 2x + 1, work waits for its stream
 * to be synchronised. Wrong handles, contexts and flags are refused with the driver's codes.
 *
 * cc -shared -fPIC -o libcuda.so.1 stub_cuda.c -ldl
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int Result;
typedef unsigned long long Pointer;

enum {
    INVALID_VALUE = 1, INVALID_DEVICE = 101, INVALID_IMAGE = 200, INVALID_CONTEXT = 201,
    NOT_FOUND = 500, ILLEGAL_ADDRESS = 700, CAPTURE_UNSUPPORTED = 900, CAPTURE_INVALIDATED = 901
};

typedef struct { float *x, *y; unsigned count; } Launch;
typedef struct { int capturing; int count; Launch launches[64]; } Stream;

static int pushed, retained, broken;
static size_t allocated;
static const size_t TOTAL = 8ul << 30, MARGIN = 64;
static void *const CONTEXT = (void *)0xC0DE;

#define NEED_CONTEXT if (pushed <= 0) return INVALID_CONTEXT
#define NEED_DEVICE NEED_CONTEXT; if (broken) return broken

Result cuInit(unsigned flags) { return 0; }
Result cuDriverGetVersion(int *version) { *version = 13000; return 0; }
Result cuDeviceGet(int *device, int number) { *device = 0; return number ? INVALID_DEVICE : 0; }
Result cuDeviceGetName(char *name, int size, int device) { snprintf(name, size, "Stub"); return 0; }
Result cuDeviceGetAttribute(int *value, int attribute, int device) {
    *value = attribute == 75 ? 8 : attribute == 76 ? 7 : 0;
    return 0;
}
Result cuGetErrorString(Result error, const char **text) {
    *text = error == ILLEGAL_ADDRESS ? "an illegal memory access was encountered" : "an error";
    return 0;
}

Result cuDevicePrimaryCtxRetain(void **context, int device) {
    retained++;
    *context = CONTEXT;
    return 0;
}
Result cuDevicePrimaryCtxRelease_v2(int device) {
    if (--retained == 0) broken = 0;
    return 0;
}
Result cuCtxPushCurrent_v2(void *context) {
    if (!retained || context != CONTEXT) return INVALID_CONTEXT;
    pushed++;
    return 0;
}
Result cuCtxPopCurrent_v2(void **context) {
    NEED_CONTEXT;
    pushed--;
    *context = CONTEXT;
    return 0;
}

Result cuMemGetInfo_v2(size_t *available, size_t *total) {
    NEED_DEVICE;
    *total = TOTAL;
    *available = TOTAL - allocated;
    return 0;
}
Result cuMemHostAlloc(void **pointer, size_t size, unsigned flags) {
    NEED_DEVICE;
    if (flags != 2) return INVALID_VALUE; /* not mapped */
    size_t *block = malloc(size + MARGIN);
    memset(block, 0x5A, size + MARGIN); /* real memory is not zero either */
    *block = size;
    allocated += size;
    *pointer = (char *)block + MARGIN;
    return 0;
}
Result cuMemFreeHost(void *pointer) {
    NEED_CONTEXT;
    size_t *block = (size_t *)((char *)pointer - MARGIN);
    allocated -= *block;
    free(block);
    return broken;
}
Result cuMemHostGetDevicePointer_v2(Pointer *address, void *pointer, unsigned flags) {
    NEED_DEVICE;
    *address = (Pointer)pointer;
    return 0;
}

Result cuStreamCreate(void **stream, unsigned flags) {
    NEED_DEVICE;
    if (flags != 1) return INVALID_VALUE; /* it would wait for the default stream */
    *stream = calloc(1, sizeof(Stream));
    return 0;
}
Result cuStreamDestroy_v2(void *stream) {
    NEED_CONTEXT;
    free(stream);
    return broken;
}
Result cuStreamSynchronize(void *handle) {
    NEED_DEVICE;
    Stream *stream = handle;
    if (stream->capturing) return CAPTURE_UNSUPPORTED;
    for (int k = 0; k < stream->count; k++) {
        Launch *launch = &stream->launches[k];
        if ((Pointer)launch->x < 4096) return broken = ILLEGAL_ADDRESS;
        for (unsigned i = 0; i < launch->count; i++) launch->y[i] = 2 * launch->x[i] + 1;
    }
    stream->count = 0;
    return 0;
}
Result cuStreamBeginCapture_v2(void *handle, int mode) {
    NEED_DEVICE;
    if (mode != 1) return INVALID_VALUE; /* other threads would be in its way */
    Stream *stream = handle;
    stream->capturing = 1;
    stream->count = 0;
    return 0;
}
static Stream *copy(const Stream *stream) {
    Stream *made = malloc(sizeof *made);
    *made = *stream;
    return made;
}
Result cuStreamEndCapture(void *handle, void **graph) {
    Stream *stream = handle;
    if (!stream->capturing) return CAPTURE_INVALIDATED;
    *graph = copy(stream);
    stream->capturing = stream->count = 0;
    return 0;
}
Result cuGraphInstantiateWithFlags(void **executable, void *graph, Pointer flags) {
    *executable = copy(graph);
    return 0;
}
Result cuGraphDestroy(void *graph) { free(graph); return 0; }
Result cuGraphExecDestroy(void *executable) { free(executable); return 0; }
Result cuGraphLaunch(void *executable, void *handle) {
    NEED_DEVICE;
    Stream *stream = handle, *graph = executable;
    for (int k = 0; k < graph->count; k++) stream->launches[stream->count++] = graph->launches[k];
    return 0;
}

Result cuModuleLoadData(void **module, const void *image) {
    NEED_DEVICE;
    *module = (void *)1;
    return strstr(image, ".visible .entry twice_and_one") ? 0 : INVALID_IMAGE;
}
Result cuModuleGetFunction(void **function, void *module, const char *name) {
    *function = (void *)2;
    return strcmp(name, "twice_and_one") ? NOT_FOUND : 0;
}
Result cuLaunchKernel(void *function, unsigned grid_x, unsigned grid_y, unsigned grid_z,
                      unsigned block_x, unsigned block_y, unsigned block_z, unsigned shared_bytes,
                      void *handle, void **values, void **extra) {
    NEED_DEVICE;
    Launch launch = {*(float **)values[0], *(float **)values[1], *(unsigned *)values[2]};
    if (grid_x * block_x < launch.count) return INVALID_VALUE;
    Stream *stream = handle;
    stream->launches[stream->count++] = launch;
    return 0;
}

/* cuda.bindings asks for every function by this one; the newest form of each is above. */
Result cuGetProcAddress_v2(const char *name, void **function, int version, Pointer flags,
                           int *status) {
    void *self = dlopen("libcuda.so.1", RTLD_NOW | RTLD_NOLOAD);
    const char *suffixes[] = {"_v2", "WithFlags", ""};
    for (int k = 0; k < 3; k++) {
        char full[128];
        snprintf(full, sizeof full, "%s%s", name, suffixes[k]);
        *function = self ? dlsym(self, full) : NULL;
        if (*function) break;
    }
    if (status) *status = *function == NULL;
    return *function ? 0 : NOT_FOUND;
}
