/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.device.Backend;
import io.offloadstream.device.DeviceLedger;
import io.offloadstream.device.DeviceSpeed;
import io.offloadstream.plan.BandwidthCache;
import io.offloadstream.plan.Bandwidths;
import io.offloadstream.platform.MemoryBudget;
import io.offloadstream.platform.MemorySize;
import io.offloadstream.platform.Storage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How fast this machine reads a disk, its memory and a device: measured when it is first asked for,
 * in about a second, then kept on disk.
 */
public final class MachineSpeed {

    private static final Logger LOG = LoggerFactory.getLogger(MachineSpeed.class);

    private static final String PURPOSE = "measurement";
    private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");

    private MachineSpeed() {}

    /**
     * Returns what was measured, now or before.
     *
     * @param backend what computes
     * @param file a weight file, not empty, on the disk in question
     * @param options whose {@code hostMemory} and {@code deviceMemory} a measurement keeps to;
     *     where they are too small for one, typical numbers are returned, with a WARN
     * @return the bandwidths
     */
    public static Bandwidths find(Backend backend, Path file, ModelOptions options) {
        return known(backend, file, options)
                .orElseGet(() -> findOneAtATime(backend, file, options));
    }

    /** Models that are opened together would disturb each other's measurement. */
    private static synchronized Bandwidths findOneAtATime(
            Backend backend, Path file, ModelOptions options) {
        return known(backend, file, options).orElseGet(() -> measureWithin(backend, file, options));
    }

    /**
     * Returns what was measured before.
     *
     * @param backend what computes
     * @param file a weight file on the disk in question
     * @param options as for {@link #find}
     * @return the bandwidths, or empty
     */
    public static Optional<Bandwidths> known(Backend backend, Path file, ModelOptions options) {
        BandwidthCache cache = BandwidthCache.ofUser();
        return cache.load(key(backend, file, MeasuringRoom.WHOLE))
                .or(() -> cache.load(key(backend, file, MeasuringRoom.of(options, backend))));
    }

    /**
     * Measures, whatever was measured before and whatever the budgets: for who asks for just that.
     * Takes up to {@link Bandwidths#MOST_BYTES} of host memory and {@link DeviceSpeed#MOST_BYTES}
     * of the device's.
     *
     * @param backend what computes; nothing of the device is in use by this process, or what is
     *     measured is what is left
     * @param file a weight file, not empty, on the disk in question
     * @return the bandwidths
     */
    public static Bandwidths measure(Backend backend, Path file) {
        try (MemoryBudget host = MemoryBudget.unlimited(PURPOSE);
                MemoryBudget device = MemoryBudget.unlimited(PURPOSE)) {
            Bandwidths measured = measure(backend, file, host, device);
            BandwidthCache.ofUser().store(measured, key(backend, file, MeasuringRoom.WHOLE));
            return measured;
        }
    }

    /** Takes no more than the budgets hold now, and none of what other models hold. */
    private static Bandwidths measureWithin(Backend backend, Path file, ModelOptions options) {
        while (true) {
            MeasuringRoom room = MeasuringRoom.of(options, backend);
            if (!room.isEnough()) {
                return typical(backend, options, room);
            }
            try (MemoryBudget host = new MemoryBudget("hostMemory", room.hostBytes())) {
                if (backend.computesInHostMemory()) {
                    Bandwidths measured = measure(backend, file, host, host);
                    BandwidthCache.ofUser().store(measured, key(backend, file, room));
                    return measured;
                }
                DeviceBudget budget = DeviceBudget.of(options.device(), backend).orElseThrow();
                Optional<DeviceLedger.Claim> claim = budget.claimBeside(room.deviceBytes());
                if (claim.isPresent()) {
                    return measureClaimed(backend, file, host, room, claim.get());
                }
                // another model was faster: what it left may do
            }
        }
    }

    private static Bandwidths measureClaimed(
            Backend backend,
            Path file,
            MemoryBudget host,
            MeasuringRoom room,
            DeviceLedger.Claim claim) {
        try (claim) {
            boolean alone = isAlone(claim, backend);
            Bandwidths measured = measure(backend, file, host, claim.budget());
            if (alone && isAlone(claim, backend)) {
                BandwidthCache.ofUser().store(measured, key(backend, file, room));
            } else {
                LOG.info(
                        "other models are on {}: what was measured beside them is not kept",
                        backend.name());
            }
            return measured;
        }
    }

    private static boolean isAlone(DeviceLedger.Claim claim, Backend backend) {
        String device = backend.memory().orElseThrow().device();
        return DeviceLedger.PROCESS.heldBytes(device) == claim.budget().limitBytes();
    }

    private static Bandwidths measure(
            Backend backend, Path file, MemoryBudget host, MemoryBudget device) {
        LOG.info("measuring the bandwidths of {} and of the disk of {}", backend.name(), file);
        Bandwidths measured = Bandwidths.measure(file, Storage.local(), host);
        if (backend.computesInHostMemory()) {
            return measured;
        }
        DeviceSpeed speed = DeviceSpeed.measure(backend, host, device);
        return measured.withDevice(speed.busBytesPerSecond(), speed.copyBytesPerSecond());
    }

    private static Bandwidths typical(Backend backend, ModelOptions options, MeasuringRoom room) {
        Bandwidths typical = Bandwidths.TYPICAL;
        String left = "hostMemory=" + MemorySize.format(options.hostMemoryBytes());
        if (backend.computesInHostMemory()) {
            typical = new Bandwidths(typical.diskBytesPerSecond(), typical.memoryBytesPerSecond());
        } else {
            left += ", " + MemorySize.format(room.deviceBytes()) + " left of deviceMemory";
        }
        LOG.warn(
                "the bandwidths of {} have not been measured yet, and the budgets are too small for"
                        + " that ({}): typical ones are taken; run offloadstream plan"
                        + " --measure once, which takes up to {} of each memory",
                backend.name(),
                left,
                MemorySize.format(Bandwidths.MOST_BYTES));
        return typical;
    }

    /** All that the numbers depend on, as far as the system tells. */
    private static String[] key(Backend backend, Path file, MeasuringRoom room) {
        List<String> parts =
                new ArrayList<>(
                        List.of(
                                System.getProperty("os.name"),
                                System.getProperty("os.arch"),
                                hostName(),
                                backend.name(),
                                fileSystem(file)));
        if (!room.isWhole()) {
            parts.add(room.toString());
        }
        return parts.toArray(String[]::new);
    }

    /** A home directory may be shared by several machines. */
    private static String hostName() {
        try {
            return Files.isReadable(HOST_NAME)
                    ? Files.readString(HOST_NAME, StandardCharsets.UTF_8).trim()
                    : "";
        } catch (IOException e) {
            return "";
        }
    }

    private static String fileSystem(Path file) {
        try {
            FileStore store = Files.getFileStore(file);
            return store.name() + " " + store.type();
        } catch (IOException e) {
            return file.toAbsolutePath().getRoot() + "";
        }
    }
}
