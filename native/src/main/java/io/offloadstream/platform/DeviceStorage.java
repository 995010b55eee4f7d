/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * Reads files into the memory of a device without the host's where the machine can: GPUDirect
 * Storage. What it reads through, files and buffers, is closed before it. Thread-safe.
 */
public interface DeviceStorage extends AutoCloseable {

    /**
     * Opens a file.
     *
     * @param path a regular file
     * @return the file, for the caller to close
     * @throws IOException if it cannot be opened
     * @throws UnsupportedOperationException if its file system refuses direct io
     * @throws DeviceException if the device's library refuses it; the message has the reason
     */
    DeviceFile open(Path path) throws IOException;

    /**
     * Makes memory of the device a target of reads for as long as it lives. That is slow: it is
     * done once, for buffers that are used again and again.
     *
     * @param buffer of this device, from its start; now owned by the result, or closed if this
     *     throws
     * @return the same memory; closing it ends the registration first, then frees it
     * @throws DeviceException if the device's library refuses it
     */
    DeviceBuffer register(DeviceBuffer buffer);

    /**
     * Reads a little of each file and settles by what was counted meanwhile which mode is in
     * effect. Called before other reads begin.
     *
     * @param files from {@link #open}
     * @param target from {@link #register}; its contents are lost
     * @return the mode and what it is known by
     * @throws IOException if a read fails
     */
    GdsStatus probe(List<DeviceFile> files, DeviceBuffer target) throws IOException;

    /**
     * Returns the mode that was in effect from {@link #probe} until now: what counters say against
     * {@link GdsMode#DIRECT} later holds.
     *
     * @return {@link GdsMode#COMPAT} before the probe
     */
    GdsStatus status();

    /**
     * Lists what is known of the library, its driver and its settings, for people.
     *
     * @return lines such as {@code nvidia-fs: 2.22.3}
     */
    List<String> facts();

    /** Ends this use of the library. Closing twice has no effect. */
    @Override
    void close();
}
