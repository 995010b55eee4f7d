/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.OptionalLong;

/** How much of a file the system keeps in memory (Linux: mincore(2), posix_fadvise(2)). */
public final class PageCache {

    private static final int O_RDONLY = 0;
    private static final int O_CLOEXEC = 0x80000;
    private static final int POSIX_FADV_DONTNEED = 4;

    /** What is asked for at once. */
    private static final int MOST_PAGES = 1 << 20;

    /** What the JDK itself encodes paths with. */
    private static final Charset PATH_CHARSET =
            Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    private PageCache() {}

    /** The functions of the C library, bound when first used. */
    private static final class C {

        static {
            Native.register(C.class, Platform.C_LIBRARY_NAME);
        }

        private C() {}

        static native int mincore(long address, long length, Pointer pages);

        @SuppressWarnings({"checkstyle:MethodName", "MethodName"}) // the C name
        static native int posix_fadvise(int descriptor, long offset, long length, int advice);

        static native int open(byte[] path, int flags);

        static native int close(int descriptor);
    }

    /**
     * Returns how much of a file is in the page cache.
     *
     * @param file a regular file
     * @return bytes, whole pages; empty where the system does not tell: elsewhere than on Linux,
     *     and for files that this user may not write (the kernel calls all of those cached)
     * @throws IOException if the file cannot be mapped
     */
    public static OptionalLong residentBytes(Path file) throws IOException {
        if (!Platform.isLinux() || !Files.isWritable(file)) {
            return OptionalLong.empty();
        }
        if (Files.size(file) == 0) {
            return OptionalLong.of(0);
        }
        long pageBytes = PosixMemory.INSTANCE.pageBytes();
        long resident = 0;
        try (MappedFile map = PosixMappedFile.map(file);
                Memory states = new Memory(MOST_PAGES)) {
            long pages = (map.sizeBytes() + pageBytes - 1) / pageBytes;
            for (long first = 0; first < pages; first += MOST_PAGES) {
                int count = (int) Math.min(MOST_PAGES, pages - first);
                long address = map.address() + first * pageBytes;
                if (C.mincore(address, count * pageBytes, states) != 0) {
                    throw new IOException(file + ": mincore: errno " + Native.getLastError());
                }
                for (int i = 0; i < count; i++) {
                    resident += states.getByte(i) & 1;
                }
            }
        }
        return OptionalLong.of(resident * pageBytes);
    }

    /**
     * Asks the system to forget what it keeps of a file, changed parts excepted. Without effect
     * elsewhere than on Linux.
     *
     * @param file a regular file
     * @throws IOException if it cannot be opened
     */
    public static void drop(Path file) throws IOException {
        if (!Platform.isLinux()) {
            return;
        }
        byte[] name = file.toAbsolutePath().toString().getBytes(PATH_CHARSET);
        int descriptor = C.open(Arrays.copyOf(name, name.length + 1), O_RDONLY | O_CLOEXEC);
        if (descriptor < 0) {
            throw new IOException(file + " cannot be opened: errno " + Native.getLastError());
        }
        int result = C.posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
        C.close(descriptor);
        if (result != 0) {
            throw new IOException(file + ": posix_fadvise: errno " + result);
        }
    }
}
