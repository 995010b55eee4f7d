/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import com.sun.jna.Native;

/** Memory of a Windows process: pages by VirtualAlloc, blocks from the C runtime's heap. */
final class WindowsMemory implements SystemMemory {

    static final WindowsMemory INSTANCE = new WindowsMemory();

    private static final int PAGE_BYTES = 4096;
    private static final int MEM_COMMIT_AND_RESERVE = 0x3000;
    private static final int MEM_RELEASE = 0x8000;
    private static final int PAGE_READWRITE = 4;

    private WindowsMemory() {
        Native.register(Kernel32.class, "kernel32");
        Native.register(CRuntime.class, "msvcrt");
    }

    @Override
    public int pageBytes() {
        return PAGE_BYTES;
    }

    @Override
    public long allocatePages(long sizeBytes) {
        long address = Kernel32.VirtualAlloc(0, sizeBytes, MEM_COMMIT_AND_RESERVE, PAGE_READWRITE);
        if (address == 0) {
            throw refused("VirtualAlloc", sizeBytes);
        }
        return address;
    }

    @Override
    public void freePages(long address, long sizeBytes) {
        if (Kernel32.VirtualFree(address, 0, MEM_RELEASE) == 0) {
            throw new IllegalStateException(
                    "VirtualFree of " + sizeBytes + " bytes: error " + Native.getLastError());
        }
    }

    @Override
    public long allocateBlock(int alignmentBytes, long sizeBytes) {
        long address = CRuntime._aligned_malloc(sizeBytes, alignmentBytes);
        if (address == 0) {
            throw refused("_aligned_malloc", sizeBytes);
        }
        return address;
    }

    @Override
    public void freeBlock(long address) {
        CRuntime._aligned_free(address);
    }

    private static OffloadStreamException refused(String call, long sizeBytes) {
        return new OffloadStreamException(
                "the system refuses "
                        + sizeBytes
                        + " bytes of memory ("
                        + call
                        + ": error "
                        + Native.getLastError()
                        + "); lower the memory options or end other programs");
    }

    /** Functions by their C names. */
    @SuppressWarnings("MethodName")
    private static final class Kernel32 {

        static native long VirtualAlloc(long address, long size, int kind, int protection);

        static native int VirtualFree(long address, long size, int kind);
    }

    /** Functions by their C names. */
    @SuppressWarnings("MethodName")
    private static final class CRuntime {

        static native long _aligned_malloc(long size, long alignment);

        static native void _aligned_free(long address);
    }
}
