/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.MemoryBudget;
import java.util.List;

/**
 * Gives host memory back, where kernels compute in a device's: gathered tables first, whose rows
 * cost next to nothing to read from disk, then groups that passes copy to the device.
 */
final class HostReclaimer implements MemoryBudget.Reclaimer {

    private final Pipeline pipeline;
    private final PassMemory passes;
    private final ResidentSet residents;
    private final InHostMemory host;
    private final HostGroups hostGroups;
    private final InDeviceMemory device;

    HostReclaimer(
            Pipeline pipeline,
            PassMemory passes,
            ResidentSet residents,
            InHostMemory host,
            HostGroups hostGroups,
            InDeviceMemory device) {
        this.pipeline = pipeline;
        this.passes = passes;
        this.residents = residents;
        this.host = host;
        this.hostGroups = hostGroups;
        this.device = device;
    }

    @Override
    public void reclaim(long neededBytes) {
        if (passes.isTaking()) {
            return;
        }
        List<Slot> tables;
        List<HostMemory> groups;
        pipeline.lock.lock();
        try {
            long tableBytes = residents.evictableBytes(host);
            if (tableBytes + hostGroups.evictableBytes() < neededBytes) {
                return;
            }
            tables = residents.giveUpForRoom(host, Math.min(tableBytes, neededBytes));
            groups = hostGroups.giveUp(neededBytes - tableBytes);
            // who waits for a table that is gone reads its rows
            pipeline.signalAll();
        } finally {
            pipeline.lock.unlock();
        }
        host.free(tables);
        device.freeHost(groups);
    }
}
