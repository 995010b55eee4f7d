/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.plan.TextTable;
import io.offloadstream.platform.GdsStatus;
import io.offloadstream.platform.MemorySize;
import io.offloadstream.stream.StreamOptions.Io;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * What a stream has done since it was opened: bytes, busy and wait time per stage, and the last
 * passes one by one. Immutable.
 *
 * @param io how files are read in fact: DIRECT, BUFFERED, MMAP or GDS
 * @param gds what GPUDirect Storage does and what that is known by; empty if it was not asked for
 * @param passes how many passes have ended
 * @param read the readers
 * @param upload the copies to a device that has memory of its own
 * @param compute the holders of leases
 * @param gather rows of gathered tables
 * @param recentPasses the last ones that have ended, the latest last, at most {@link
 *     #MOST_RECENT_PASSES}
 * @param residentBytes memory that pinned groups hold now
 * @param hostBytes memory that groups hold which are copied to the device from there
 * @param reclaimedGroups how often the memory of either was given up, parts counted one by one
 * @param pace how weights are read now
 * @param isPaceSettled whether that stays: given by the options, or found by {@code
 *     scheduler=cost-aware}
 */
public record StreamStats(
        StreamOptions.Io io,
        Optional<GdsStatus> gds,
        long passes,
        ReadStage read,
        UploadStage upload,
        ComputeStage compute,
        GatherStage gather,
        List<PassRecord> recentPasses,
        long residentBytes,
        long hostBytes,
        int reclaimedGroups,
        ReadPace pace,
        boolean isPaceSettled) {

    /** How many passes are remembered. */
    public static final int MOST_RECENT_PASSES = 64;

    /** Makes the list immutable. */
    public StreamStats {
        recentPasses = List.copyOf(recentPasses);
    }

    /**
     * The readers, all threads together.
     *
     * @param bytes asked of the disk, whole blocks, rows included
     * @param requests how many reads
     * @param busyNanos time in reads
     * @param waitNanos time without a request to do, as no slot was free
     * @param cpuNanos CPU time of the threads, 0 where the JVM does not tell
     * @param wakeUps how often a thread that waited for a request was woken
     */
    public record ReadStage(
            long bytes,
            long requests,
            long busyNanos,
            long waitNanos,
            long cpuNanos,
            long wakeUps) {}

    /**
     * The copies of weights to the device.
     *
     * @param bytesFromDisk weights that were read for it
     * @param bytesFromHost weights that host memory kept
     * @param unpinnedBytes how many of those had to be copied twice: their memory is not pinned
     * @param requests how many copies, of a piece each
     * @param busyNanos time of the copy stream, by the device's clock
     * @param waitNanos time that readers waited for a pinned chunk, all threads together
     */
    public record UploadStage(
            long bytesFromDisk,
            long bytesFromHost,
            long unpinnedBytes,
            long requests,
            long busyNanos,
            long waitNanos) {

        /**
         * Returns what was copied.
         *
         * @return bytes
         */
        public long bytes() {
            return bytesFromDisk + bytesFromHost;
        }
    }

    /**
     * The thread that runs passes.
     *
     * @param groups leases given: of wholes, where groups stream in parts
     * @param busyNanos time between a lease and its close; on a device with streams of its own,
     *     time by its clock, as far as it is known already
     * @param waitNanos time waited for a group
     */
    public record ComputeStage(long groups, long busyNanos, long waitNanos) {}

    /**
     * Rows of gathered tables.
     *
     * @param rowsFromMemory rows that a resident group held
     * @param rowsFromDisk rows that were read, each once per gather
     * @param bytes read for them, whole blocks
     * @param waitNanos time waited for them
     */
    public record GatherStage(long rowsFromMemory, long rowsFromDisk, long bytes, long waitNanos) {}

    /**
     * One pass.
     *
     * @param number passes are counted from 1
     * @param isComplete whether it ran to its last group
     * @param groupsRead indices of the groups that came from disk, in the order of their leases; of
     *     each part, where groups stream in parts
     * @param groupsPrefetched how many of them were asked for before the pass began
     * @param bytes what they read, whole blocks; rows are not counted
     * @param hostBytes what was copied to the device from host memory that kept it
     * @param copyNanos time of the copy stream that became known in this pass
     * @param overlappedNanos how much of it the compute stream was busy too
     * @param wallNanos from its begin to its end
     */
    public record PassRecord(
            long number,
            boolean isComplete,
            List<Integer> groupsRead,
            int groupsPrefetched,
            long bytes,
            long hostBytes,
            long copyNanos,
            long overlappedNanos,
            long wallNanos) {

        /** Makes the list immutable. */
        public PassRecord {
            groupsRead = List.copyOf(groupsRead);
        }
    }

    /**
     * Returns which share of the copies to the device lay under computation, in the {@link
     * #recentPasses}.
     *
     * @return 0 to 1; 1 if nothing was copied
     */
    public double copyOverlap() {
        long copied = recentPasses.stream().mapToLong(PassRecord::copyNanos).sum();
        long overlapped = recentPasses.stream().mapToLong(PassRecord::overlappedNanos).sum();
        return copied == 0 ? 1 : (double) overlapped / copied;
    }

    /**
     * Returns how files are read in fact, with the mode of GPUDirect Storage.
     *
     * @return for example {@code DIRECT}, {@code GDS (direct)} or {@code GDS (compat)}
     */
    public String ioName() {
        return io == Io.GDS
                ? gds.map(status -> "GDS (" + status.mode() + ")").orElse("GDS")
                : io.name();
    }

    /**
     * Prints the stages and the last pass.
     *
     * @return a table of several lines
     */
    public String toTable() {
        TextTable table = new TextTable();
        table.row("stage", "bytes", "count", "busy", "wait");
        table.row(
                "read " + (io == Io.GDS ? ioName() : "(" + ioName().toLowerCase(Locale.ROOT) + ")"),
                MemorySize.format(read.bytes()),
                read.requests() + " requests",
                time(read.busyNanos()),
                time(read.waitNanos()));
        if (upload.requests() > 0) {
            table.row(
                    "upload",
                    MemorySize.format(upload.bytes()),
                    upload.requests() + " pieces",
                    time(upload.busyNanos()),
                    time(upload.waitNanos()));
        }
        table.row(
                "compute",
                "",
                compute.groups() + " groups",
                time(compute.busyNanos()),
                time(compute.waitNanos()));
        table.row(
                "gather",
                MemorySize.format(gather.bytes()),
                gather.rowsFromDisk()
                        + " of "
                        + (gather.rowsFromDisk() + gather.rowsFromMemory())
                        + " rows from disk",
                "",
                time(gather.waitNanos()));
        StringBuilder text = new StringBuilder(table.toString());
        gds.ifPresent(status -> text.append("GPUDirect Storage ").append(status).append('\n'));
        text.append(passes).append(" passes, ");
        text.append(MemorySize.format(residentBytes)).append(" resident, ");
        text.append(reclaimedGroups).append(" groups given up\n");
        if (upload.requests() > 0) {
            appendUpload(text);
        }
        if (read.requests() > 0) {
            text.append("reads: ").append(pace).append(isPaceSettled ? "" : ", not settled");
            text.append("\nreaders: ").append(time(read.cpuNanos())).append(" of CPU time, ");
            text.append(read.wakeUps()).append(" wake-ups\n");
        }
        if (!recentPasses.isEmpty()) {
            PassRecord last = recentPasses.get(recentPasses.size() - 1);
            text.append("last pass: ").append(last.groupsRead().size()).append(" groups, ");
            text.append(MemorySize.format(last.bytes())).append(" from disk in ");
            text.append(time(last.wallNanos())).append('\n');
        }
        return text.toString();
    }

    private void appendUpload(StringBuilder text) {
        text.append("uploads: ").append(MemorySize.format(upload.bytesFromDisk()));
        text.append(" from disk, ").append(MemorySize.format(upload.bytesFromHost()));
        text.append(" from host memory (").append(MemorySize.format(hostBytes)).append(" kept, ");
        text.append(MemorySize.format(upload.unpinnedBytes())).append(" copied unpinned); ");
        text.append(String.format(Locale.ROOT, "%.0f %%", 100 * copyOverlap()));
        text.append(" of the last passes' copies under computation\n");
    }

    private static String time(long nanos) {
        return TextTable.time(nanos / 1e9);
    }
}
