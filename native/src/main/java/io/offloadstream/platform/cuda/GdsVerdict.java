/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import io.offloadstream.platform.FileSystemMount;
import io.offloadstream.platform.GdsMode;
import io.offloadstream.platform.GdsStatus;
import java.util.Collection;
import java.util.Optional;

/**
 * Decides which mode of GPUDirect Storage is in effect.
 *
 * <p>cuFile has no call that tells. Files, buffers and reads succeed alike whether the bytes go
 * straight to the card or through the host, which happens without a word where nvidia-fs is not
 * loaded, the file system is not served, the card has no BAR1 memory or the path is not optimal
 * (GDS cuFile API Reference, 3.3 "cuFile Compatibility Mode"). Settings and file systems only make
 * a direct path likely: people report machines where everything is set and every read is bounced.
 * So the mode is DIRECT only if what was counted while our own reads ran says so:
 *
 * <ol>
 *   <li>{@code force_compat_mode}: COMPAT, whatever else is seen.
 *   <li>cuFile 1.15 and newer counts the requests of this process by the way they took ({@code
 *       cuFileGetStatsL3}: PCI P2PDMA, nvidia-fs, POSIX). No POSIX request, and at least as many of
 *       the others as reads were made: DIRECT. Any POSIX request: COMPAT.
 *   <li>nvidia-fs counts the reads of the machine ({@code /proc/driver/nvidia-fs/stats}), where its
 *       statistics are on. Fewer reads or bytes than ours: COMPAT, unless P2PDMA, which it does not
 *       see, may have done them. As many, while this process's own read calls ({@code rchar} of
 *       {@code /proc/self/io}, which nvidia-fs does not go through) moved less: DIRECT.
 *   <li>No counters, but {@code allow_compat_mode} is off: cuFile fails rather than reading through
 *       the host (4.3 "cuFile Synchronous IO APIs"). Reads that succeeded were DIRECT.
 *   <li>Otherwise COMPAT, with what is missing.
 * </ol>
 *
 * <p>Which file systems are served: gds-nvidia-fs, README (XFS, and EXT4 with data=ordered, on
 * NVMe; NFS over RDMA; Lustre, WekaFS and others); PCI P2PDMA: "GDS Support for NVMe", release 615
 * (NVMe without RAID or multipath).
 */
final class GdsVerdict {

    private static final long MEBIBYTE = 1 << 20;

    private final CuFileProperties properties;
    private final boolean nvidiaFsLoaded;
    private final Collection<FileSystemMount> mounts;

    GdsVerdict(
            CuFileProperties properties,
            boolean nvidiaFsLoaded,
            Collection<FileSystemMount> mounts) {
        this.properties = properties;
        this.nvidiaFsLoaded = nvidiaFsLoaded;
        this.mounts = mounts;
    }

    GdsStatus decide(GdsEvidence evidence) {
        if (properties.forcesCompat()) {
            return compat("force_compat_mode is on in cufile.json");
        }
        if (evidence.reads() == 0) {
            return compat("nothing was read, so nothing proves a direct path");
        }
        Optional<GdsStatus> counted = byCuFile(evidence).or(() -> byNvidiaFs(evidence));
        if (counted.isPresent()) {
            return counted.get();
        }
        if (!properties.allowsCompat()) {
            return new GdsStatus(
                    GdsMode.DIRECT,
                    "allow_compat_mode is off, so that cuFile does not read through the host");
        }
        return compat("nothing proves a direct path: " + missing());
    }

    private Optional<GdsStatus> byCuFile(GdsEvidence evidence) {
        if (evidence.cuFile().isEmpty()) {
            return Optional.empty();
        }
        CuFileReads counted = evidence.cuFile().get();
        long direct = counted.p2p() + counted.nvidiaFs();
        if (counted.posix() > 0) {
            return Optional.of(
                    compat(
                            "cuFile counted "
                                    + counted.posix()
                                    + " of "
                                    + (direct + counted.posix())
                                    + " reads through host memory; "
                                    + missing()));
        }
        if (direct < evidence.reads() || counted.calls() < evidence.reads()) {
            return Optional.empty(); // it does not count what we did, or differently
        }
        String way = counted.p2p() > 0 ? "PCI P2PDMA" : "nvidia-fs";
        String ways = counted.p2p() > 0 && counted.nvidiaFs() > 0 ? way + " and nvidia-fs" : way;
        return Optional.of(
                new GdsStatus(
                        GdsMode.DIRECT, "cuFile counted " + direct + " reads, all by " + ways));
    }

    private Optional<GdsStatus> byNvidiaFs(GdsEvidence evidence) {
        if (evidence.nvidiaFs().isEmpty()) {
            return Optional.empty();
        }
        NvidiaFs.Reads counted = evidence.nvidiaFs().get();
        boolean all =
                counted.ok() >= evidence.reads()
                        && counted.mebibytes() >= evidence.bytes() / MEBIBYTE;
        if (!all) {
            return properties.usesP2pDma()
                    ? Optional.empty()
                    : Optional.of(
                            compat(
                                    "nvidia-fs counted "
                                            + counted.ok()
                                            + " of our "
                                            + evidence.reads()
                                            + " reads; "
                                            + missing()));
        }
        if (evidence.readCallBytes().orElse(0) >= evidence.bytes()) {
            return Optional.of(compat("this process's own read calls moved the bytes"));
        }
        return Optional.of(
                new GdsStatus(GdsMode.DIRECT, "nvidia-fs counted " + counted.ok() + " reads"));
    }

    /** What stands in the way as far as settings and mounts tell. */
    private String missing() {
        if (!nvidiaFsLoaded && !properties.usesP2pDma()) {
            return "nvidia-fs is not loaded and use_pci_p2pdma is off in cufile.json";
        }
        for (FileSystemMount mount : mounts) {
            boolean journalled = mount.type().equals("ext4") && mount.hasOption("data=journal");
            if (journalled || mount.hasOption("data=writeback")) {
                return mount + " is not mounted with data=ordered";
            }
            boolean local = mount.type().equals("ext4") || mount.type().equals("xfs");
            if (local && !mount.source().startsWith("/dev/nvme")) {
                return mount + " is not a plain NVMe disk (RAID and others need their own support)";
            }
            if (!local && !GdsFileSystems.isServed(mount.type())) {
                return mount + " is a file system without a direct path; use ext4 or xfs on NVMe";
            }
        }
        return "cufile.log has more where its level is TRACE; statistics are turned on by"
                + " /sys/module/nvidia_fs/parameters/rw_stats_enabled";
    }

    private static GdsStatus compat(String reason) {
        return new GdsStatus(GdsMode.COMPAT, reason);
    }
}
