/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceFile;
import io.offloadstream.platform.DeviceStorage;
import io.offloadstream.platform.FileSystemMount;
import io.offloadstream.platform.GdsMode;
import io.offloadstream.platform.GdsStatus;
import io.offloadstream.platform.ProcessCounters;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/**
 * Files read by cuFile into memory of an NVIDIA card. The mode that is in effect is decided by
 * {@link GdsVerdict}, whose rules it explains.
 */
public final class CuFileStorage implements DeviceStorage {

    /** What a probe reads of each file: large enough that no internal buffer suggests itself. */
    private static final int PROBE_BYTES = 1 << 20;

    private final CuFile cuFile;
    private final Runnable makeContextCurrent;
    private final NvidiaFs nvidiaFs;
    private final AtomicBoolean closed = new AtomicBoolean();
    private final LongAdder reads = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private final Set<FileSystemMount> mounts = new LinkedHashSet<>();
    private final Counts start;
    private GdsStatus probed = new GdsStatus(GdsMode.COMPAT, "nothing was read yet");

    private record Counts(
            Optional<CuFileReads> cuFile,
            Optional<NvidiaFs.Reads> nvidiaFs,
            OptionalLong readCallBytes) {}

    private CuFileStorage(CuFile cuFile, Runnable makeContextCurrent, NvidiaFs nvidiaFs) {
        this.cuFile = cuFile;
        this.makeContextCurrent = makeContextCurrent;
        this.nvidiaFs = nvidiaFs;
        start = count();
    }

    /**
     * Opens cuFile for a card.
     *
     * @param makeContextCurrent makes the card's CUDA context current in the calling thread; called
     *     before each use of its memory
     * @return the storage, for the caller to close before the context
     * @throws DeviceException if cuFile is missing or does not work here; the message has the
     *     reason
     */
    public static CuFileStorage open(Runnable makeContextCurrent) {
        return open(makeContextCurrent, NvidiaFs.ofThisMachine());
    }

    static CuFileStorage open(Runnable makeContextCurrent, NvidiaFs nvidiaFs) {
        makeContextCurrent.run();
        CuFile cuFile = CuFile.open();
        boolean opened = false;
        try {
            CuFileStorage storage = new CuFileStorage(cuFile, makeContextCurrent, nvidiaFs);
            opened = true;
            return storage;
        } finally {
            if (!opened) {
                cuFile.close();
            }
        }
    }

    private Counts count() {
        return new Counts(cuFile.reads(), nvidiaFs.reads(), ProcessCounters.readCallBytes());
    }

    @Override
    public DeviceFile open(Path path) throws IOException {
        makeContextCurrent.run();
        CuFileFile file = CuFileFile.open(this, cuFile, path);
        Optional<FileSystemMount> mount = FileSystemMount.of(path);
        synchronized (this) {
            mount.ifPresent(mounts::add);
        }
        return file;
    }

    @Override
    public DeviceBuffer register(DeviceBuffer buffer) {
        boolean registered = false;
        try {
            makeContextCurrent.run();
            cuFile.registerBuffer(buffer.address(), buffer.sizeBytes());
            registered = true;
        } finally {
            if (!registered) {
                buffer.close();
            }
        }
        return new RegisteredBuffer(buffer);
    }

    /** Memory that is deregistered before it is freed: nvidia-fs may hang otherwise. */
    private final class RegisteredBuffer implements DeviceBuffer {

        private final DeviceBuffer memory;
        private final AtomicBoolean freed = new AtomicBoolean();

        RegisteredBuffer(DeviceBuffer memory) {
            this.memory = memory;
        }

        @Override
        public long address() {
            return memory.address();
        }

        @Override
        public long sizeBytes() {
            return memory.sizeBytes();
        }

        @Override
        public void close() {
            if (freed.compareAndSet(false, true)) {
                try {
                    makeContextCurrent.run();
                    cuFile.deregisterBuffer(memory.address());
                } finally {
                    memory.close();
                }
            }
        }
    }

    /** Called by files for each read that moved something. */
    void countRead(long count) {
        reads.increment();
        bytes.add(count);
    }

    void makeContextCurrent() {
        makeContextCurrent.run();
    }

    @Override
    public GdsStatus probe(List<DeviceFile> files, DeviceBuffer target) throws IOException {
        Counts before = count();
        long readsBefore = reads.sum();
        long bytesBefore = bytes.sum();
        for (DeviceFile file : files) {
            long whole = file.sizeBytes() & -(long) DeviceFile.BLOCK_BYTES;
            long most = Math.min(PROBE_BYTES, target.sizeBytes());
            int length = (int) Math.min(most, whole);
            if (length > 0) {
                file.read(0, target, 0, length);
            }
        }
        GdsEvidence evidence =
                since(before, reads.sum() - readsBefore, bytes.sum() - bytesBefore, true);
        GdsStatus status = verdict().decide(evidence);
        synchronized (this) {
            probed = status;
        }
        return status;
    }

    private GdsEvidence since(Counts before, long ownReads, long ownBytes, boolean alone) {
        Counts now = count();
        boolean rchar = alone && before.readCallBytes().isPresent();
        return new GdsEvidence(
                ownReads,
                ownBytes,
                now.cuFile().flatMap(n -> before.cuFile().map(n::since)),
                now.nvidiaFs().flatMap(n -> before.nvidiaFs().map(n::since)),
                rchar && now.readCallBytes().isPresent()
                        ? OptionalLong.of(
                                now.readCallBytes().getAsLong()
                                        - before.readCallBytes().getAsLong())
                        : OptionalLong.empty());
    }

    private GdsVerdict verdict() {
        synchronized (this) {
            return new GdsVerdict(cuFile.properties(), nvidiaFs.isLoaded(), List.copyOf(mounts));
        }
    }

    @Override
    public GdsStatus status() {
        GdsStatus first;
        synchronized (this) {
            first = probed;
        }
        if (first.mode() != GdsMode.DIRECT || closed.get()) {
            return first;
        }
        // our own counts first: a read that ends meanwhile then looks like one too many, not few
        long ownReads = reads.sum();
        long ownBytes = bytes.sum();
        GdsStatus now = verdict().decide(since(start, ownReads, ownBytes, false));
        synchronized (this) {
            probed = now; // what is lost is not regained, and outlives the counters
            return now;
        }
    }

    @Override
    public List<String> facts() {
        CuFileProperties properties = cuFile.properties();
        List<String> facts = new ArrayList<>();
        facts.add("cuFile: " + cuFile.version() + " (" + cuFile.file() + ")");
        facts.add(
                "nvidia-fs: "
                        + (nvidiaFs.isLoaded() ? "loaded " + nvidiaFs.version() : "not loaded"));
        facts.add("nvidia-fs serves NVMe: " + yesNo(properties.supportsNvme()));
        facts.add("allow_compat_mode: " + yesNo(properties.allowsCompat()));
        facts.add("force_compat_mode: " + yesNo(properties.forcesCompat()));
        facts.add("use_pci_p2pdma: " + yesNo(properties.usesP2pDma()));
        facts.add(
                "counters: cuFile "
                        + yesNo(cuFile.reads().isPresent())
                        + ", nvidia-fs "
                        + yesNo(nvidiaFs.reads().isPresent()));
        return facts;
    }

    private static String yesNo(boolean value) {
        return value ? "yes" : "no";
    }

    @Override
    public void close() {
        status(); // the last word, while the counters are there
        if (closed.compareAndSet(false, true)) {
            cuFile.close();
        }
    }
}
