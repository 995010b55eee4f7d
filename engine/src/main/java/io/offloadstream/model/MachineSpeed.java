/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.device.Backend;
import io.offloadstream.device.DeviceSpeed;
import io.offloadstream.plan.BandwidthCache;
import io.offloadstream.plan.Bandwidths;
import io.offloadstream.platform.Storage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How fast this machine reads a disk, its memory and a device: measured when it is first asked for,
 * in about a second, then kept on disk.
 */
public final class MachineSpeed {

    private static final Logger LOG = LoggerFactory.getLogger(MachineSpeed.class);

    private static final Path HOST_NAME = Path.of("/proc/sys/kernel/hostname");

    private MachineSpeed() {}

    /**
     * Returns what was measured, now or before.
     *
     * @param backend what computes
     * @param file a weight file, not empty, on the disk in question
     * @return the bandwidths
     */
    public static Bandwidths find(Backend backend, Path file) {
        return known(backend, file).orElseGet(() -> measure(backend, file));
    }

    /**
     * Returns what was measured before.
     *
     * @param backend what computes
     * @param file a weight file on the disk in question
     * @return the bandwidths, or empty
     */
    public static Optional<Bandwidths> known(Backend backend, Path file) {
        return BandwidthCache.ofUser().load(key(backend, file));
    }

    /**
     * Measures, whatever was measured before.
     *
     * @param backend what computes; nothing of the device is in use by this process, or what is
     *     measured is what is left
     * @param file a weight file, not empty, on the disk in question
     * @return the bandwidths
     */
    public static Bandwidths measure(Backend backend, Path file) {
        LOG.info("measuring the bandwidths of {} and of the disk of {}", backend.name(), file);
        Bandwidths measured = Bandwidths.measure(file, Storage.local());
        if (!backend.computesInHostMemory()) {
            DeviceSpeed device = DeviceSpeed.measure(backend);
            measured = measured.withDevice(device.busBytesPerSecond(), device.copyBytesPerSecond());
        }
        BandwidthCache.ofUser().store(measured, key(backend, file));
        return measured;
    }

    /** All that the numbers depend on, as far as the system tells. */
    private static String[] key(Backend backend, Path file) {
        return new String[] {
            System.getProperty("os.name"),
            System.getProperty("os.arch"),
            hostName(),
            backend.name(),
            fileSystem(file)
        };
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
