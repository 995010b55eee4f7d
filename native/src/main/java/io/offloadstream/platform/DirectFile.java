/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/**
 * Positional reads past the page cache (O_DIRECT), straight from the disk into the given memory.
 * Thread-safe: each read is a {@code pread}, so several threads keep the disk's queue deep.
 */
final class DirectFile implements StorageFile {

    private final Path path;
    private final FileChannel channel;
    private final int blockBytes;

    /**
     * Constructs a file.
     *
     * @param path for messages and stamps
     * @param channel opened with {@code ExtendedOpenOption.DIRECT}
     * @param blockBytes the file system's block, a power of two: what the JDK checks against
     */
    DirectFile(Path path, FileChannel channel, int blockBytes) {
        this.path = path;
        this.channel = channel;
        this.blockBytes = blockBytes;
    }

    @Override
    public int blockBytes() {
        return blockBytes;
    }

    @Override
    public int read(long offset, long address, int length) throws IOException {
        if (((offset | address | length) & (blockBytes - 1)) != 0) {
            throw new IllegalArgumentException(
                    this
                            + ": offset "
                            + offset
                            + ", address "
                            + address
                            + " and length "
                            + length
                            + " must be multiples of "
                            + blockBytes);
        }
        int done = 0;
        while (done < length) {
            int count = channel.read(HostMemory.view(address + done, length - done), offset + done);
            int reached = done + Math.max(count, 0);
            if (reached == length || offset + reached >= channel.size()) {
                return reached;
            }
            // A short read inside the file goes on from the last whole block
            int whole = reached & -blockBytes;
            if (whole == done) {
                throw new IOException(
                        this + ": a direct read at " + (offset + done) + " makes no progress");
            }
            done = whole;
        }
        return done;
    }

    @Override
    public FileStamp stamp() throws IOException {
        return FileStamp.of(path);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }

    @Override
    public String toString() {
        return path + " (direct)";
    }
}
