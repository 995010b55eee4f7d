/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.platform.DeviceStream;
import io.offloadstream.stream.CopyQueue.Origin;

/**
 * From host memory that keeps a group to the slot. What it lacks is read from disk into it first;
 * groups that have none go the other way.
 */
final class HostGroupRoute implements PieceRoute {

    private final HostGroups groups;
    private final CopyQueue copies;
    private final StagedRoute staged;
    private final PieceRoute disk;

    /**
     * Constructs the route.
     *
     * @param groups what host memory keeps
     * @param copies what uploads
     * @param staged the way for memory that could not be pinned
     * @param disk the way for all other groups
     */
    HostGroupRoute(HostGroups groups, CopyQueue copies, StagedRoute staged, PieceRoute disk) {
        this.groups = groups;
        this.copies = copies;
        this.staged = staged;
        this.disk = disk;
    }

    @Override
    public void carry(Work work, PieceReads reads) {
        HostGroup group = groups.enter(work.group());
        if (group == null) {
            disk.carry(work, reads);
            return;
        }
        try {
            long address = group.address() + work.piece().slotOffset();
            boolean fromDisk = group.claim(work.index());
            if (fromDisk) {
                read(group, work, reads, address);
            } else {
                reads.fromHost(work.piece().weightBytes());
            }
            if (group.isPinned()) {
                Origin origin = fromDisk ? Origin.DISK : Origin.HOST;
                copies.enqueue(work, address, DeviceStream::upload, origin).close();
            } else {
                staged.carryFrom(work, address, fromDisk ? Origin.DISK : Origin.UNPINNED_HOST);
            }
        } finally {
            groups.leave(group);
        }
    }

    private static void read(HostGroup group, Work work, PieceReads reads, long address) {
        boolean read = false;
        try {
            reads.read(work, address);
            read = true;
        } finally {
            group.claimed(work.index(), read);
        }
    }
}
