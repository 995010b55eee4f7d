/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.ByteByReference;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import io.offloadstream.platform.DeviceException;
import java.io.IOException;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * NVIDIA's cuFile, the library of GPUDirect Storage: its driver opened, one method per call, a
 * failure an exception. Loaded when it is first opened, not before. Thread-safe; calls that name
 * device memory need the memory's CUDA context to be current in the calling thread.
 *
 * <p>Source: cufile.h 1.15 (CUDA 13.0); GDS cuFile API Reference,
 * https://docs.nvidia.com/gpudirect-storage/api-reference-guide/. The driver is one per process: it
 * is opened by the first user here and closed by the last.
 */
public final class CuFile implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(CuFile.class);

    /** {@code CU_FILE_ALLOW_COMPAT_MODE}, a bit of the control flags. */
    private static final int ALLOW_COMPAT_FLAG = 1;

    /** Values of {@code CUFileBoolConfigParameter_t}. */
    private static final int PARAMETER_ALLOW_COMPAT = 1;

    private static final int PARAMETER_FORCE_COMPAT = 2;
    private static final int PARAMETER_P2PDMA = 7;

    /** The level from which on reads are counted by the way they took. */
    private static final int STATS_LEVEL = 3;

    /** {@code CUfileStatsLevel3_t} takes 5000 bytes in version 1.15; the rest is for later ones. */
    private static final int STATS_BYTES = 64 << 10;

    private static final int STATS_CARDS = 1024;
    private static final int STATS_FIRST_CARD = 1032;
    private static final int STATS_CARD_BYTES = 248;
    private static final int STATS_MOST_CARDS = 16;
    private static final int CARD_P2P_READS = 56;
    private static final int CARD_NVIDIA_FS_READS = 64;
    private static final int CARD_POSIX_READS = 72;

    /**
     * What the library may take of a card for itself, 128 MiB if nobody says, which no budget of
     * ours knows. It goes through there what is not registered or not aligned; our reads are both.
     */
    private static final long CACHE_KIB = 4 << 10;

    private static CuFile opened;
    private static int users;

    private final CuFileLibrary library;
    private final boolean countsReads;

    private CuFile(CuFileLibrary library) {
        this.library = library;
        limitCache();
        check("the cuFile driver does not open", library.driverOpen);
        countsReads = startCounting();
    }

    /**
     * Opens the driver, or joins in the use of it.
     *
     * @return the driver, for the caller to close
     * @throws DeviceException if the library is missing or refuses; the message has the reason
     */
    public static synchronized CuFile open() {
        if (users == 0) {
            opened = new CuFile(CuFileLibrary.load());
        }
        users++;
        return opened;
    }

    /** The limit holds from the next opening of the driver on. */
    private void limitCache() {
        String problem =
                library.setMaxCacheSize == null
                        ? "the library has no cuFileDriverSetMaxCacheSize"
                        : problem(call(library.setMaxCacheSize, CACHE_KIB));
        if (problem != null) {
            LOG.warn(
                    "cuFile's cache on the card cannot be limited, so it may take 128 MB beside"
                            + " deviceMemory: {}; set max_device_cache_size_kb in cufile.json",
                    problem);
        }
    }

    private static String problem(CuFileLibrary.Status status) {
        return status.code == CuFileCode.SUCCESS ? null : CuFileCode.text(status.code, status.cuda);
    }

    private boolean startCounting() {
        if (library.getStatsL3 == null
                || library.getStatsLevel == null
                || library.setStatsLevel == null
                || library.statsStart == null) {
            return false;
        }
        IntByReference level = new IntByReference();
        boolean known = call(library.getStatsLevel, level).code == CuFileCode.SUCCESS;
        if (!known || level.getValue() < STATS_LEVEL) {
            if (call(library.setStatsLevel, STATS_LEVEL).code != CuFileCode.SUCCESS) {
                return false;
            }
        }
        return call(library.statsStart).code == CuFileCode.SUCCESS;
    }

    /**
     * Returns the version of the library.
     *
     * @return for example {@code 1.15}; {@code before 1.8} where it does not tell
     */
    public String version() {
        if (library.getVersion == null) {
            return "before 1.8";
        }
        IntByReference version = new IntByReference();
        check("cuFile does not tell its version", library.getVersion, version);
        return version.getValue() / 1000 + "." + version.getValue() % 1000 / 10;
    }

    /**
     * Returns where the library was found.
     *
     * @return its file
     */
    public String file() {
        return library.file();
    }

    /**
     * Returns what the driver says of itself.
     *
     * @return as it is now
     * @throws DeviceException if it refuses
     */
    public CuFileProperties properties() {
        CuFileLibrary.Properties raw = new CuFileLibrary.Properties();
        check("cuFile does not tell its properties", library.driverGetProperties, raw);
        boolean absent = raw.majorVersion == 0 && raw.minorVersion == 0;
        boolean flag = (raw.controlFlags >> ALLOW_COMPAT_FLAG & 1) != 0;
        return new CuFileProperties(
                absent ? "" : raw.majorVersion + "." + raw.minorVersion,
                raw.statusFlags,
                // either word that it may fall back is taken
                flag || parameter(PARAMETER_ALLOW_COMPAT).orElse(false),
                parameter(PARAMETER_FORCE_COMPAT).orElse(false),
                parameter(PARAMETER_P2PDMA).orElse(false));
    }

    private Optional<Boolean> parameter(int number) {
        if (library.getParameterBool == null) {
            return Optional.empty();
        }
        ByteByReference value = new ByteByReference();
        CuFileLibrary.Status status = call(library.getParameterBool, number, value);
        return status.code == CuFileCode.SUCCESS
                ? Optional.of(value.getValue() != 0)
                : Optional.empty();
    }

    /**
     * Returns how reads were done so far.
     *
     * @return counts since the driver was opened; empty where the version does not count, or in a
     *     way that is not known here
     */
    Optional<CuFileReads> reads() {
        if (!countsReads) {
            return Optional.empty();
        }
        try (Memory stats = new Memory(STATS_BYTES)) {
            stats.clear();
            if (call(library.getStatsL3, stats).code != CuFileCode.SUCCESS) {
                return Optional.empty();
            }
            int cards = stats.getInt(STATS_CARDS);
            if (cards < 0 || cards > STATS_MOST_CARDS) {
                return Optional.empty();
            }
            long p2p = 0;
            long nvidiaFs = 0;
            long posix = 0;
            for (int card = 0; card < STATS_MOST_CARDS; card++) {
                long at = STATS_FIRST_CARD + (long) card * STATS_CARD_BYTES;
                p2p += stats.getLong(at + CARD_P2P_READS);
                nvidiaFs += stats.getLong(at + CARD_NVIDIA_FS_READS);
                posix += stats.getLong(at + CARD_POSIX_READS);
            }
            return Optional.of(new CuFileReads(stats.getLong(0), p2p, nvidiaFs, posix));
        }
    }

    /**
     * Makes an open file known.
     *
     * @param subject what it is, for messages
     * @param descriptor of the file, which stays open as long as the handle
     * @return the handle
     * @throws DeviceException if cuFile refuses the file
     */
    public Pointer registerFile(String subject, int descriptor) {
        CuFileLibrary.Descriptor description = new CuFileLibrary.Descriptor();
        description.handle = descriptor;
        PointerByReference handle = new PointerByReference();
        check(subject + " cannot be read by cuFile", library.handleRegister, handle, description);
        return handle.getValue();
    }

    /**
     * Forgets a file; no read is in flight.
     *
     * @param handle from {@link #registerFile}
     */
    public void deregisterFile(Pointer handle) {
        library.handleDeregister.invokeVoid(new Object[] {handle});
    }

    /**
     * Pins memory of the device for reads.
     *
     * @param address where it starts
     * @param sizeBytes its length
     * @throws DeviceException if cuFile refuses it
     */
    public void registerBuffer(long address, long sizeBytes) {
        check(
                sizeBytes + " bytes of device memory cannot be registered with cuFile",
                library.bufRegister,
                new Pointer(address),
                sizeBytes,
                0);
    }

    /**
     * Ends {@link #registerBuffer}.
     *
     * @param address where the memory starts
     * @throws DeviceException if it was not registered
     */
    public void deregisterBuffer(long address) {
        check(
                "device memory cannot be deregistered from cuFile",
                library.bufDeregister,
                new Pointer(address));
    }

    /**
     * Reads.
     *
     * @param subject what is read, for messages
     * @param handle from {@link #registerFile}
     * @param buffer start of registered memory
     * @param length bytes asked for
     * @param offset where in the file
     * @param bufferOffset where in the memory
     * @return bytes read, fewer than asked for too, 0 at the end of the file
     * @throws IOException if the read fails, with cuFile's or the system's reason
     */
    public long read(
            String subject,
            Pointer handle,
            long buffer,
            long length,
            long offset,
            long bufferOffset)
            throws IOException {
        Object[] arguments = {handle, new Pointer(buffer), length, offset, bufferOffset};
        long count = library.read.invokeLong(arguments);
        if (count >= 0) {
            return count;
        }
        // -1 leaves the reason in errno, where codes of cuFile occur too; others are the reason
        int reason = count == -1 ? Native.getLastError() : (int) -count;
        String text = reason > CuFileCode.BASE ? CuFileCode.text(reason, 0) : "errno " + reason;
        throw new IOException(
                subject + ": a cuFile read of " + length + " bytes at " + offset + ": " + text);
    }

    private static CuFileLibrary.Status call(Function function, Object... arguments) {
        return (CuFileLibrary.Status) function.invoke(CuFileLibrary.Status.class, arguments);
    }

    private static void check(String failure, Function function, Object... arguments) {
        CuFileLibrary.Status status = call(function, arguments);
        if (status.code != CuFileCode.SUCCESS) {
            throw new DeviceException(failure + ": " + CuFileCode.text(status.code, status.cuda));
        }
    }

    /** Ends this use; the last one closes the driver. To be called once for each open. */
    @Override
    public void close() {
        synchronized (CuFile.class) {
            users--;
            if (users == 0) {
                opened = null;
                check("the cuFile driver does not close", library.driverClose);
            }
        }
    }
}
