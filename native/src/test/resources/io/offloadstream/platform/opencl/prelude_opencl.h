#define KERNEL(threads) __kernel __attribute__((reqd_work_group_size(threads, 1, 1)))
#define BUFFER(type, name) __global type* name##_base, long name##_offset
#define POINTER(type, name) __global type* name = (__global type*)((__global char*)name##_base + name##_offset)
