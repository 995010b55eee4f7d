/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The file system that a file lies on, as Linux lists it in {@code /proc/self/mountinfo}
 * (proc_pid_mountinfo(5)).
 *
 * @param mountPoint where it is mounted
 * @param type for example {@code ext4}
 * @param source what is mounted: {@code /dev/nvme0n1p2}
 * @param options of the mount and of the file system, separated by commas
 */
public record FileSystemMount(String mountPoint, String type, String source, String options) {

    private static final Path MOUNTS = Path.of("/proc/self/mountinfo");

    /** In a line: the fields before the separator, and those after it. */
    private static final int MOUNT_POINT = 4;

    private static final int MOUNT_OPTIONS = 5;

    /**
     * Finds the file system of a file.
     *
     * @param file an existing file
     * @return the mount with the longest mount point above the file, the last of those mounted over
     *     each other; empty where the system has no such list
     */
    public static Optional<FileSystemMount> of(Path file) {
        if (!Files.isReadable(MOUNTS)) {
            return Optional.empty();
        }
        try {
            Path real = file.toRealPath();
            return find(Files.readAllLines(MOUNTS, StandardCharsets.UTF_8), real);
        } catch (IOException e) {
            throw new OffloadStreamException("the mount of " + file + " is not known: " + e, e);
        }
    }

    static Optional<FileSystemMount> find(List<String> lines, Path real) {
        FileSystemMount best = null;
        int longest = -1;
        for (String line : lines) {
            FileSystemMount mount = parse(line);
            if (mount == null) {
                continue;
            }
            Path point = Path.of(mount.mountPoint());
            if (real.startsWith(point) && point.getNameCount() >= longest) {
                longest = point.getNameCount();
                best = mount;
            }
        }
        return Optional.ofNullable(best);
    }

    private static FileSystemMount parse(String line) {
        int separator = line.indexOf(" - ");
        if (separator < 0) {
            return null;
        }
        String[] before = line.substring(0, separator).split(" ", -1);
        String[] after = line.substring(separator + " - ".length()).split(" ", -1);
        if (before.length <= MOUNT_OPTIONS || after.length < 3) {
            return null;
        }
        return new FileSystemMount(
                unescape(before[MOUNT_POINT]),
                after[0],
                unescape(after[1]),
                before[MOUNT_OPTIONS] + "," + after[2]);
    }

    /** The list writes blanks and backslashes as three octal digits. */
    private static String unescape(String text) {
        return text.replace("\\040", " ")
                .replace("\\011", "\t")
                .replace("\\012", "\n")
                .replace("\\134", "\\");
    }

    /**
     * Tells whether an option is set.
     *
     * @param option for example {@code data=ordered}
     * @return true if it is listed
     */
    public boolean hasOption(String option) {
        return List.of(options.split(",", -1)).contains(option);
    }

    /** Says it in one line: {@code ext4 on /dev/nvme0n1p2 at /data}. */
    @Override
    public String toString() {
        return type + " on " + source + " at " + mountPoint;
    }
}
