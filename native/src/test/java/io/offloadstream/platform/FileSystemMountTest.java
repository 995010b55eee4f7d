/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.testng.annotations.Test;

public class FileSystemMountTest {

    private static final List<String> MOUNTS =
            List.of(
                    "22 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw,errors=remount-ro",
                    "30 22 0:26 / /dev/shm rw,nosuid - tmpfs tmpfs rw,inode64",
                    "31 22 259:5 / /data rw,noatime shared:5 - xfs /dev/nvme1n1 rw,attr2",
                    "32 31 9:0 / /data/my\\040models rw - ext4 /dev/md0 rw,data=writeback",
                    "33 22 259:6 / /data ro - ext4 /dev/sdb1 rw,data=ordered",
                    "a line that is none");

    @Test
    public void aFileIsOnTheMountWithTheLongestPointAboveIt() {
        assertEquals(find("/home/a").source(), "/dev/nvme0n1p2");
        assertEquals(find("/dev/shm/x").type(), "tmpfs");
        assertEquals(find("/database/x").source(), "/dev/nvme0n1p2");
    }

    @Test
    public void blanksInMountPointsAreRead() {
        FileSystemMount mount = find("/data/my models/a.safetensors");
        assertEquals(mount.source(), "/dev/md0");
        assertTrue(mount.hasOption("data=writeback"));
        assertFalse(mount.hasOption("data"));
        assertEquals(mount.toString(), "ext4 on /dev/md0 at /data/my models");
    }

    @Test
    public void theLastOfMountsOverEachOtherCounts() {
        FileSystemMount mount = find("/data/x");
        assertEquals(mount.source(), "/dev/sdb1");
        assertTrue(mount.hasOption("ro"));
        assertTrue(mount.hasOption("data=ordered"));
    }

    @Test
    public void thisMachineListsTheMountOfAFile() {
        Optional<FileSystemMount> mount = FileSystemMount.of(Path.of("."));
        boolean linux = System.getProperty("os.name").equals("Linux");
        assertEquals(mount.isPresent(), linux, mount.toString());
    }

    private static FileSystemMount find(String file) {
        return FileSystemMount.find(MOUNTS, Path.of(file)).orElseThrow();
    }
}
