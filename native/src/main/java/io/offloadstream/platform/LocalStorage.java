/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import com.sun.jna.Platform;
import com.sun.nio.file.ExtendedOpenOption;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Files of the local file systems. */
final class LocalStorage implements Storage {

    static final LocalStorage INSTANCE = new LocalStorage();

    private LocalStorage() {}

    @Override
    public StorageFile open(Path path, Mode mode) throws IOException {
        requireRegular(path);
        return mode == Mode.DIRECT ? openDirect(path) : openBuffered(path);
    }

    private static StorageFile openBuffered(Path path) throws IOException {
        return new BufferedFile(path, FileChannel.open(path, StandardOpenOption.READ));
    }

    private static StorageFile openDirect(Path path) throws IOException {
        long blockBytes = Files.getFileStore(path).getBlockSize();
        if (blockBytes > HostMemory.ALIGNMENT_BYTES) {
            throw new UnsupportedOperationException(
                    path
                            + ": direct io needs memory aligned to "
                            + blockBytes
                            + " bytes, ours is aligned to "
                            + HostMemory.ALIGNMENT_BYTES);
        }
        FileChannel channel;
        try {
            channel = FileChannel.open(path, StandardOpenOption.READ, ExtendedOpenOption.DIRECT);
        } catch (IOException e) {
            // The JDK reports a file system that has no direct io as any other failure. A file that
            // does open otherwise was refused for being direct; one that does not is broken.
            openBuffered(path).close();
            throw new UnsupportedOperationException(
                    path + ": the file system refuses direct io (" + e.getMessage() + ")", e);
        }
        return new DirectFile(path, channel, (int) blockBytes);
    }

    /** Opening a fifo would hang, and a device has no size. */
    private static void requireRegular(Path path) throws IOException {
        if (!Files.exists(path)) {
            throw new NoSuchFileException(path.toString());
        }
        if (!Files.isRegularFile(path)) {
            throw new IOException(path + " is not a regular file");
        }
    }

    @Override
    public MappedFile map(Path path) throws IOException {
        requireRegular(path);
        if (Platform.isWindows()) {
            throw new UnsupportedOperationException(path + ": mapping needs a POSIX system");
        }
        return PosixMappedFile.map(path);
    }
}
