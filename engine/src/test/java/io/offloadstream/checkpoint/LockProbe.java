/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** Tells whether another process has a file locked. */
final class LockProbe {

    static final int HELD = 3;
    static final int FREE = 4;

    private LockProbe() {}

    /**
     * Tries to lock.
     *
     * @param args the file
     */
    public static void main(String[] args) throws IOException {
        try (FileChannel channel = FileChannel.open(Path.of(args[0]), StandardOpenOption.WRITE);
                FileLock lock = channel.tryLock()) {
            Runtime.getRuntime().exit(lock == null ? HELD : FREE);
        }
    }
}
