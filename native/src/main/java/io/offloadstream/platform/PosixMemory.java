/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import com.sun.jna.Native;
import com.sun.jna.Platform;

/**
 * The few calls of the C library that Java has no counterpart for, bound directly, on 64-bit POSIX
 * systems. Constants that differ between systems are those of Linux and macOS.
 */
final class PosixMemory implements SystemMemory {

    static final PosixMemory INSTANCE = new PosixMemory();

    private static final int PROT_READ = 1;
    private static final int PROT_WRITE = 2;
    private static final int MAP_SHARED = 1;
    private static final int MAP_PRIVATE = 2;
    private static final int MAP_ANONYMOUS = Platform.isMac() ? 0x1000 : 0x20;
    static final long MAP_FAILED = -1;
    private static final int MADV_HUGEPAGE = 14;

    /** The size of most huge pages, which are asked for where at least one fits. */
    private static final long HUGE_PAGE_BYTES = 2 << 20;

    private final int pageBytes;

    private PosixMemory() {
        Native.register(PosixMemory.class, Platform.C_LIBRARY_NAME);
        pageBytes = getpagesize();
    }

    @Override
    public int pageBytes() {
        return pageBytes;
    }

    @Override
    public long allocatePages(long sizeBytes) {
        // Linux begins a range where a huge page does since 6.7, of late only whole huge pages.
        // What is asked for beyond the range is address space alone. The last place in it is taken,
        // next to the range before: so neighbours stay one mapping, of which a process has 65,530.
        long surplus = mayHaveHugePages(sizeBytes) ? HUGE_PAGE_BYTES : 0;
        long room =
                mmap(
                        0,
                        sizeBytes + surplus,
                        PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS,
                        -1,
                        0);
        if (room == MAP_FAILED) {
            throw refused("mmap", sizeBytes);
        }
        if (surplus == 0) {
            return room;
        }
        long address = (room + surplus) & -HUGE_PAGE_BYTES;
        long before = address - room;
        long after = surplus - before;
        boolean isCut =
                munmap(room, before) == 0
                        && (after == 0 || munmap(address + sizeBytes, after) == 0);
        if (!isCut) { // it may split a mapping, and a process has only so many
            OffloadStreamException refusal = refused("munmap", sizeBytes);
            munmap(address, sizeBytes + after);
            throw refusal;
        }
        adviseHugePages(address, sizeBytes);
        return address;
    }

    private static boolean mayHaveHugePages(long sizeBytes) {
        return Platform.isLinux() && sizeBytes >= HUGE_PAGE_BYTES;
    }

    /**
     * Weights, keys and values stream through the kernels faster (docs/decisions.md has figures).
     * Advice, which systems without huge pages refuse; a huge page lies inside the range, which so
     * never takes more than its size. Of a file it counts when its pages are first read from the
     * disk, if the file system has large ones (ext4 since Linux 6.16, XFS).
     */
    private static void adviseHugePages(long address, long sizeBytes) {
        if (mayHaveHugePages(sizeBytes)) {
            madvise(address, sizeBytes, MADV_HUGEPAGE);
        }
    }

    @Override
    public void freePages(long address, long sizeBytes) {
        if (munmap(address, sizeBytes) != 0) {
            throw new IllegalStateException(
                    "munmap of " + sizeBytes + " bytes: errno " + Native.getLastError());
        }
    }

    @Override
    public long allocateBlock(int alignmentBytes, long sizeBytes) {
        long address = aligned_alloc(alignmentBytes, sizeBytes);
        if (address == 0) {
            throw refused("aligned_alloc", sizeBytes);
        }
        return address;
    }

    @Override
    public void freeBlock(long address) {
        free(address);
    }

    /** Maps the start of a file read-only; {@link #MAP_FAILED} leaves the reason in errno. */
    static long mapShared(int descriptor, long sizeBytes) {
        long address = mmap(0, sizeBytes, PROT_READ, MAP_SHARED, descriptor, 0);
        if (address != MAP_FAILED) {
            adviseHugePages(address, sizeBytes);
        }
        return address;
    }

    private static OffloadStreamException refused(String call, long sizeBytes) {
        return new OffloadStreamException(
                "the system refuses "
                        + sizeBytes
                        + " bytes of memory ("
                        + call
                        + ": errno "
                        + Native.getLastError()
                        + "); lower the memory options or end other programs");
    }

    private static native int getpagesize();

    private static native long mmap(
            long address, long length, int protection, int flags, int descriptor, long offset);

    private static native int madvise(long address, long length, int advice);

    private static native int munmap(long address, long length);

    @SuppressWarnings({"checkstyle:MethodName", "MethodName"}) // the C name
    private static native long aligned_alloc(long alignment, long size);

    private static native void free(long address);
}
