/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

/**
 * Work of a device that runs in the order in which it was enqueued, beside that of other streams.
 * Nothing here waits but {@link #synchronize}. Any thread may enqueue; what one thread enqueues
 * stays in its order.
 *
 * <p>Host addresses must stay valid until the copy has ended, and should be pinned ({@code
 * Gpu.allocateHost}), or the copy may wait and be slow.
 */
public interface DeviceStream extends AutoCloseable {

    /**
     * Enqueues a copy from host memory to the device.
     *
     * @param hostSource host address
     * @param target address of the device
     * @param sizeBytes how much
     */
    void upload(long hostSource, long target, long sizeBytes);

    /**
     * Enqueues a copy from the device to host memory, row by row.
     *
     * @param source address of the device, rows one behind another
     * @param hostTarget host address of the first row
     * @param hostStrideBytes from one row to the next in host memory
     * @param rowBytes length of a row
     * @param rows how many
     */
    void download(long source, long hostTarget, long hostStrideBytes, long rowBytes, int rows);

    /**
     * Enqueues a copy within the device. The ranges do not overlap.
     *
     * @param source address of the device
     * @param target address of the device
     * @param sizeBytes how much
     */
    void copy(long source, long target, long sizeBytes);

    /**
     * Enqueues an event.
     *
     * @return the event, for the caller to close
     */
    DeviceEvent record();

    /**
     * Makes what is enqueued from now on wait until an event of another stream has passed. The
     * calling thread does not wait.
     *
     * @param event of any stream of the same device
     */
    void await(DeviceEvent event);

    /** Hands what is enqueued to the device now. Calls that wait do so by themselves. */
    void flush();

    /**
     * Waits until everything enqueued has ended.
     *
     * @throws DeviceException if any of it failed
     */
    void synchronize();

    /** Waits for the end of what is enqueued, its failures ignored, and frees the stream. */
    @Override
    void close();
}
