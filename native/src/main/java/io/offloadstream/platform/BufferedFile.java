/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** Positional reads through the page cache. Thread-safe. */
final class BufferedFile implements StorageFile {

    private final Path path;
    private final FileChannel channel;

    BufferedFile(Path path, FileChannel channel) {
        this.path = path;
        this.channel = channel;
    }

    @Override
    public int blockBytes() {
        return 1;
    }

    @Override
    public int read(long offset, long address, int length) throws IOException {
        int done = 0;
        while (done < length) {
            int count = channel.read(HostMemory.view(address + done, length - done), offset + done);
            if (count < 0) {
                break;
            }
            done += count;
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
        return path + " (buffered)";
    }
}
