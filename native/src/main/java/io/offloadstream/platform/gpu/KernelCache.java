/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.gpu;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compiled kernels on disk, so that a driver compiles a source once. A key says everything that the
 * binary depends on. An entry that is damaged is as good as none; a folder that cannot be written
 * costs time, not results, and is one WARN. Several processes may use one folder.
 *
 * <p>The folder is {@code kernels} in what the system property {@code offloadstream.cache} says, by
 * default {@code $XDG_CACHE_HOME/offloadstream} or {@code ~/.cache/offloadstream}. An entry is the
 * SHA-256 of the binary, then the binary.
 */
public final class KernelCache {

    private static final Logger LOG = LoggerFactory.getLogger(KernelCache.class);
    private static final AtomicBoolean WARNED = new AtomicBoolean();
    private static final int DIGEST_BYTES = 32;

    private final Path folder;

    /**
     * Uses a folder, which need not exist.
     *
     * @param folder where entries are
     */
    public KernelCache(Path folder) {
        this.folder = folder;
    }

    /**
     * Uses the folder of this user.
     *
     * @return the cache
     */
    public static KernelCache ofUser() {
        String property = System.getProperty("offloadstream.cache", "");
        String xdg = System.getenv().getOrDefault("XDG_CACHE_HOME", "");
        Path home =
                !property.isEmpty()
                        ? Path.of(property)
                        : (xdg.isEmpty()
                                        ? Path.of(System.getProperty("user.home"), ".cache")
                                        : Path.of(xdg))
                                .resolve("offloadstream");
        return new KernelCache(home.resolve("kernels"));
    }

    /**
     * Makes a key.
     *
     * @param parts everything that the binary depends on: source, options, driver version, device
     * @return the key, a file name
     */
    public static String key(String... parts) {
        MessageDigest digest = sha256();
        for (String part : parts) {
            byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
            // The length keeps ("ab", "c") and ("a", "bc") apart
            digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
            digest.update(bytes);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /**
     * Looks for a binary.
     *
     * @param key from {@link #key}
     * @return the binary, or empty if there is none or it is damaged
     */
    public Optional<byte[]> find(String key) {
        byte[] entry;
        try {
            entry = Files.readAllBytes(folder.resolve(key));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            LOG.debug("kernel cache: cannot read {}", key, e);
            return Optional.empty();
        }
        if (entry.length <= DIGEST_BYTES) {
            return Optional.empty();
        }
        byte[] binary = Arrays.copyOfRange(entry, DIGEST_BYTES, entry.length);
        return Arrays.equals(sha256().digest(binary), Arrays.copyOf(entry, DIGEST_BYTES))
                ? Optional.of(binary)
                : Optional.empty();
    }

    /**
     * Keeps a binary. Another process sees all of it or nothing.
     *
     * @param key from {@link #key}
     * @param binary what the compiler made
     */
    public void store(String key, byte[] binary) {
        Path temporary = null;
        try {
            Files.createDirectories(folder);
            temporary = Files.createTempFile(folder, key, ".tmp");
            byte[] entry = Arrays.copyOf(sha256().digest(binary), DIGEST_BYTES + binary.length);
            System.arraycopy(binary, 0, entry, DIGEST_BYTES, binary.length);
            Files.write(temporary, entry);
            Files.move(temporary, folder.resolve(key), StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            if (WARNED.compareAndSet(false, true)) {
                LOG.warn(
                        "cannot keep compiled kernels in {} ({}), so they compile at each start;"
                                + " set the system property offloadstream.cache to a folder that"
                                + " can be written",
                        folder,
                        e.toString());
            }
            delete(temporary);
        }
    }

    private static void delete(Path temporary) {
        if (temporary != null) {
            try {
                Files.deleteIfExists(temporary);
            } catch (IOException e) {
                LOG.debug("kernel cache: cannot delete {}", temporary, e);
            }
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }
}
