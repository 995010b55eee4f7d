/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import com.sun.jna.Native;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceFile;
import java.io.IOException;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A file that cuFile reads. Opened for direct io, which every version of cuFile takes, and which
 * keeps the page cache out of compat mode too.
 */
final class CuFileFile implements DeviceFile {

    private static final int O_RDONLY = 0;
    private static final int O_CLOEXEC = 0x80000;
    private static final int EINVAL = 22;

    /** The one flag whose value depends on the processor (asm-generic/fcntl.h, arm64's own). */
    private static final int O_DIRECT = Platform.isARM() ? 0x10000 : 0x4000;

    /** What the JDK itself encodes paths with. */
    private static final Charset PATH_CHARSET =
            Charset.forName(System.getProperty("sun.jnu.encoding", "UTF-8"));

    static {
        Native.register(CuFileFile.class, Platform.C_LIBRARY_NAME);
    }

    private final CuFileStorage storage;
    private final CuFile cuFile;
    private final Path path;
    private final int descriptor;
    private final Pointer handle;
    private final AtomicBoolean closed = new AtomicBoolean();

    private CuFileFile(
            CuFileStorage storage, CuFile cuFile, Path path, int descriptor, Pointer handle) {
        this.storage = storage;
        this.cuFile = cuFile;
        this.path = path;
        this.descriptor = descriptor;
        this.handle = handle;
    }

    /** Opens and registers a file. */
    static CuFileFile open(CuFileStorage storage, CuFile cuFile, Path path) throws IOException {
        if (!Files.isRegularFile(path)) {
            throw new IOException(path + " is not a regular file");
        }
        byte[] name = path.toAbsolutePath().toString().getBytes(PATH_CHARSET);
        int descriptor =
                open(Arrays.copyOf(name, name.length + 1), O_RDONLY | O_DIRECT | O_CLOEXEC);
        if (descriptor < 0) {
            int reason = Native.getLastError();
            if (reason == EINVAL) {
                throw new UnsupportedOperationException(
                        path + ": the file system refuses direct io");
            }
            throw new IOException(path + " cannot be opened: errno " + reason);
        }
        boolean registered = false;
        try {
            Pointer handle = cuFile.registerFile(path.toString(), descriptor);
            registered = true;
            return new CuFileFile(storage, cuFile, path, descriptor, handle);
        } finally {
            if (!registered) {
                close(descriptor);
            }
        }
    }

    @Override
    public int read(long offset, DeviceBuffer target, long targetOffset, int length)
            throws IOException {
        if (offset < 0 || targetOffset < 0 || targetOffset > target.sizeBytes() - length) {
            throw new IndexOutOfBoundsException(
                    this
                            + ": "
                            + length
                            + " bytes at "
                            + offset
                            + " to "
                            + targetOffset
                            + " of a target of "
                            + target.sizeBytes());
        }
        storage.makeContextCurrent();
        int done = 0;
        while (done < length) {
            long count =
                    cuFile.read(
                            toString(),
                            handle,
                            target.address(),
                            length - done,
                            offset + done,
                            targetOffset + done);
            if (count > 0) {
                storage.countRead(count);
            }
            int reached = done + (int) count;
            if (reached == length || offset + reached >= sizeBytes()) {
                return reached;
            }
            if (count == 0) {
                throw new IOException(
                        this + ": a read at " + (offset + done) + " makes no progress");
            }
            // A short read inside the file goes on from the last whole block, to stay direct
            int whole = reached & -BLOCK_BYTES;
            done = whole > done ? whole : reached;
        }
        return done;
    }

    @Override
    public long sizeBytes() throws IOException {
        return Files.size(path);
    }

    @Override
    public void close() {
        if (closed.compareAndSet(false, true)) {
            cuFile.deregisterFile(handle);
            close(descriptor);
        }
    }

    /** Names the file in messages. */
    @Override
    public String toString() {
        return path + " (gds)";
    }

    private static native int open(byte[] path, int flags);

    private static native int close(int descriptor);
}
