/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import io.offloadstream.platform.gpu.KernelCache;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Measured bandwidths on disk, one small text file for each machine, device and file system: a
 * second start measures nothing.
 *
 * <p>A file appears whole or not at all (written beside and renamed). One that cannot be read, or
 * is of another version, counts as absent; a folder that cannot be written costs one WARN.
 */
public final class BandwidthCache {

    private static final Logger LOG = LoggerFactory.getLogger(BandwidthCache.class);

    /** Changes with what is measured or how. */
    private static final String VERSION = "bandwidths 1";

    private final Path folder;

    /**
     * Names a folder. It is made when something is stored.
     *
     * @param folder where the files are
     */
    public BandwidthCache(Path folder) {
        this.folder = folder;
    }

    /**
     * Returns the cache of this user.
     *
     * @return in the folder {@code bandwidths} of {@link KernelCache#userFolder}
     */
    public static BandwidthCache ofUser() {
        return new BandwidthCache(KernelCache.userFolder().resolve("bandwidths"));
    }

    /**
     * Reads what was measured.
     *
     * @param parts machine, device, file system: all that the numbers depend on
     * @return the bandwidths, or empty if they were not measured yet
     */
    public Optional<Bandwidths> load(String... parts) {
        Path file = folder.resolve(KernelCache.key(parts));
        try {
            String[] lines =
                    Files.readAllLines(file, StandardCharsets.UTF_8).toArray(String[]::new);
            if (lines.length != 5 || !lines[0].equals(VERSION)) {
                return Optional.empty();
            }
            return Optional.of(
                    new Bandwidths(
                            Double.parseDouble(lines[1]),
                            Double.parseDouble(lines[2]),
                            Double.parseDouble(lines[3]),
                            Double.parseDouble(lines[4])));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException | IllegalArgumentException e) {
            LOG.debug("{} is of no use: {}", file, e.toString());
            return Optional.empty();
        }
    }

    /**
     * Writes what was measured, over what was there.
     *
     * @param bandwidths the numbers
     * @param parts as for {@link #load}
     */
    public void store(Bandwidths bandwidths, String... parts) {
        String text =
                String.join(
                        "\n",
                        VERSION,
                        Double.toString(bandwidths.diskBytesPerSecond()),
                        Double.toString(bandwidths.memoryBytesPerSecond()),
                        Double.toString(bandwidths.busBytesPerSecond()),
                        Double.toString(bandwidths.deviceBytesPerSecond()),
                        "");
        try {
            Files.createDirectories(folder);
            Path written = Files.createTempFile(folder, "measured", ".tmp");
            try {
                Files.writeString(written, text, StandardCharsets.UTF_8);
                Files.move(
                        written,
                        folder.resolve(KernelCache.key(parts)),
                        StandardCopyOption.ATOMIC_MOVE,
                        StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(written);
            }
        } catch (IOException e) {
            LOG.warn(
                    "bandwidths cannot be written in {} ({}): they are measured at each start; name"
                            + " another folder with -D{}=",
                    folder,
                    e,
                    KernelCache.PROPERTY);
        }
    }
}
