/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

/**
 * Memory that kernels of a device compute in, charged to a {@link MemoryBudget} until closed. On
 * the CPU that is {@link HostMemory} itself.
 */
public interface DeviceBuffer extends AutoCloseable {

    /**
     * Returns where it starts.
     *
     * @return an address of the device, a multiple of 256 on a GPU; not always one that the host
     *     could use
     */
    long address();

    /**
     * Returns the size.
     *
     * @return bytes
     */
    long sizeBytes();

    /**
     * Frees it and gives its bytes back to the budget. No stream uses it any more: whoever closes
     * it has waited for that. Closing twice has no effect.
     */
    @Override
    void close();
}
