/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.platform.FileSystemMount;
import io.offloadstream.platform.GdsMode;
import io.offloadstream.platform.GdsStatus;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Each rule by itself; what the rules are is said in {@link GdsVerdict}. */
public class GdsVerdictTest {

    private static final long READS = 7;
    private static final long BYTES = 6 << 20;
    private static final FileSystemMount NVME =
            new FileSystemMount("/data", "ext4", "/dev/nvme0n1p2", "rw,data=ordered");
    private static final CuFileProperties ALL_SET =
            new CuFileProperties("2.22", 1 << 4, true, false, false);

    private static GdsEvidence counted(CuFileReads cuFile, NvidiaFs.Reads nvidiaFs, Long rchar) {
        return new GdsEvidence(
                READS,
                BYTES,
                Optional.ofNullable(cuFile),
                Optional.ofNullable(nvidiaFs),
                rchar == null ? OptionalLong.empty() : OptionalLong.of(rchar));
    }

    @DataProvider
    public static Object[][] counts() {
        CuFileReads strange = new CuFileReads(READS, 0, READS - 1, 0);
        return new Object[][] {
            {"cuFile: all by nvidia-fs", counted(reads(0, 7, 0), null, null), GdsMode.DIRECT},
            {"cuFile: all by P2PDMA", counted(reads(9, 0, 0), null, null), GdsMode.DIRECT},
            {"cuFile: one by the host", counted(reads(0, 7, 1), null, null), GdsMode.COMPAT},
            {"cuFile: nothing counted", counted(reads(0, 0, 0), null, null), GdsMode.COMPAT},
            {"cuFile: too few", counted(strange, null, null), GdsMode.COMPAT},
            {"cuFile wins", counted(reads(0, 3, 4), module(7, 6), 0L), GdsMode.COMPAT},
            {"nvidia-fs: all", counted(null, module(7, 6), 4096L), GdsMode.DIRECT},
            {"nvidia-fs: not all", counted(null, module(6, 6), 0L), GdsMode.COMPAT},
            {"nvidia-fs: not the bytes", counted(null, module(9, 5), 0L), GdsMode.COMPAT},
            {"nvidia-fs: of others", counted(null, module(9, 9), BYTES), GdsMode.COMPAT},
            {"no counters", counted(null, null, 0L), GdsMode.COMPAT},
        };
    }

    private static CuFileReads reads(long p2p, long nvidiaFs, long posix) {
        return new CuFileReads(p2p + nvidiaFs + posix, p2p, nvidiaFs, posix);
    }

    private static NvidiaFs.Reads module(long ok, long mebibytes) {
        return new NvidiaFs.Reads(ok, mebibytes);
    }

    @Test(dataProvider = "counts")
    public void countersDecide(String rule, GdsEvidence evidence, GdsMode mode) {
        GdsStatus status = new GdsVerdict(ALL_SET, true, List.of(NVME)).decide(evidence);
        assertEquals(status.mode(), mode, rule + ": " + status.reason());
    }

    @Test
    public void everythingSetIsNoProof() {
        GdsStatus status =
                new GdsVerdict(ALL_SET, true, List.of(NVME)).decide(counted(null, null, null));
        assertEquals(status.mode(), GdsMode.COMPAT);
        assertTrue(status.reason().contains("nothing proves"), status.reason());
        assertTrue(status.reason().contains("rw_stats_enabled"), status.reason());
    }

    @Test
    public void compatModeSwitchedOffIsProof() {
        CuFileProperties strict = new CuFileProperties("2.22", 1 << 4, false, false, false);
        GdsVerdict verdict = new GdsVerdict(strict, true, List.of(NVME));
        assertEquals(verdict.decide(counted(null, null, null)).mode(), GdsMode.DIRECT);
        // but not against what was counted
        GdsEvidence bounced = counted(reads(0, 0, 7), null, null);
        assertEquals(verdict.decide(bounced).mode(), GdsMode.COMPAT);
    }

    @Test
    public void forcedCompatModeIsCompatWhateverIsCounted() {
        CuFileProperties forced = new CuFileProperties("2.22", 1 << 4, true, true, true);
        GdsStatus status =
                new GdsVerdict(forced, true, List.of(NVME))
                        .decide(counted(reads(9, 9, 0), null, null));
        assertEquals(status.mode(), GdsMode.COMPAT);
        assertTrue(status.reason().contains("force_compat_mode"), status.reason());
    }

    @Test
    public void nvidiaFsDoesNotSeeP2pDma() {
        CuFileProperties p2p = new CuFileProperties("", 0, true, false, true);
        GdsStatus status =
                new GdsVerdict(p2p, true, List.of(NVME)).decide(counted(null, module(0, 0), 0L));
        assertEquals(status.mode(), GdsMode.COMPAT);
        assertTrue(status.reason().startsWith("nothing proves"), status.reason());
    }

    @Test
    public void nothingReadProvesNothing() {
        GdsEvidence none =
                new GdsEvidence(0, 0, Optional.empty(), Optional.empty(), OptionalLong.empty());
        CuFileProperties strict = new CuFileProperties("2.22", 1 << 4, false, false, false);
        assertEquals(
                new GdsVerdict(strict, true, List.of(NVME)).decide(none).mode(), GdsMode.COMPAT);
    }

    @DataProvider
    public static Object[][] obstacles() {
        return new Object[][] {
            {false, NVME, "nvidia-fs is not loaded and use_pci_p2pdma is off"},
            {true, mount("overlay", "overlay", "rw"), "use ext4 or xfs on NVMe"},
            {true, mount("xfs", "/dev/md0", "rw"), "not a plain NVMe disk"},
            {true, mount("ext4", "/dev/nvme0n1", "rw,data=journal"), "data=ordered"},
        };
    }

    private static FileSystemMount mount(String type, String source, String options) {
        return new FileSystemMount("/data", type, source, options);
    }

    @Test(dataProvider = "obstacles")
    public void theReasonNamesWhatStandsInTheWay(
            boolean loaded, FileSystemMount mount, String expected) {
        GdsStatus status =
                new GdsVerdict(ALL_SET, loaded, List.of(mount))
                        .decide(counted(reads(0, 0, 7), null, null));
        assertEquals(status.mode(), GdsMode.COMPAT);
        assertTrue(status.reason().contains(expected), status.reason());
    }
}
