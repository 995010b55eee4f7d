/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.DeviceEvent;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * An event that several keep: the staging chunk, the slot and the statistics wait for the same end
 * of an upload. The last one that closes it frees it.
 */
final class SharedEvent implements AutoCloseable {

    private final DeviceEvent event;
    private final AtomicInteger owners = new AtomicInteger(1);

    /** Constructs an event with one owner, the caller. */
    SharedEvent(DeviceEvent event) {
        this.event = event;
    }

    /** Makes one owner more; each closes it once. */
    SharedEvent share() {
        owners.incrementAndGet();
        return this;
    }

    /** For streams to await, while an owner has it open. */
    DeviceEvent event() {
        return event;
    }

    @Override
    public void close() {
        if (owners.decrementAndGet() == 0) {
            event.close();
        }
    }
}
