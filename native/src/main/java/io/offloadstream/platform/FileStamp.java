/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;

/**
 * What tells one state of a file from another: a change of any of these between passes means that
 * the checkpoint was changed under a running model.
 *
 * @param sizeBytes its size
 * @param modifiedNanos its modification time, nanoseconds since 1970
 * @param key what the file system tells it from others by, its inode and device; or null
 */
public record FileStamp(long sizeBytes, long modifiedNanos, Object key) {

    /**
     * Examines a file, following links.
     *
     * @param path the file
     * @return its stamp now
     * @throws IOException if it cannot be examined
     */
    public static FileStamp of(Path path) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
        return new FileStamp(
                attributes.size(),
                attributes.lastModifiedTime().to(java.util.concurrent.TimeUnit.NANOSECONDS),
                attributes.fileKey());
    }
}
