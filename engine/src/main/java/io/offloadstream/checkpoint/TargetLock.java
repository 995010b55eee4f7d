/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.checkpoint;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Keeps two conversions from one target: a lock of the operating system on a file, and a list of
 * what this process has locked. The list comes first: a process that closes any channel to a locked
 * file loses its lock on POSIX, so a second one must not be opened to find out.
 */
final class TargetLock implements AutoCloseable {

    private static final Set<Path> TAKEN = ConcurrentHashMap.newKeySet();

    private final Path file;
    private final FileChannel channel;
    private boolean closed;

    private TargetLock(Path file, FileChannel channel) {
        this.file = file;
        this.channel = channel;
    }

    /**
     * Takes the lock.
     *
     * @param target for messages
     * @param directory where the lock's file is, which exists
     * @return the lock, for the caller to close
     * @throws CheckpointException if somebody has it
     * @throws IOException if the file cannot be opened or locked
     */
    static TargetLock take(Path target, Path directory) throws IOException {
        Path file = directory.toRealPath().resolve("lock");
        if (!TAKEN.add(file)) {
            throw taken(target);
        }
        FileChannel channel;
        try {
            channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        } catch (IOException e) {
            TAKEN.remove(file);
            throw e;
        }
        TargetLock lock = new TargetLock(file, channel);
        boolean held = false;
        try {
            // whoever had it before may have finished, and removed the file that is locked now
            held = isLocked(channel) && Files.exists(file);
        } finally {
            if (!held) {
                lock.close();
            }
        }
        if (!held) {
            throw taken(target);
        }
        return lock;
    }

    private static boolean isLocked(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            return false; // this process has it by another class loader: the same answer
        }
    }

    private static CheckpointException taken(Path target) {
        return new CheckpointException(
                target + " is being made by another conversion; wait for it or end it");
    }

    /**
     * Removes the file while it is locked, so that nobody else's is removed, and lets go.
     *
     * @throws IOException if it cannot be removed; the lock is let go all the same
     */
    void remove() throws IOException {
        try {
            Files.deleteIfExists(file);
        } finally {
            close();
        }
    }

    /** Lets go. Twice has no effect. */
    @Override
    public void close() throws IOException {
        if (!closed) {
            closed = true;
            try {
                channel.close();
            } finally {
                TAKEN.remove(file);
            }
        }
    }
}
