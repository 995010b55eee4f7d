/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.gpu;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compiled kernels on disk, one file for each key: the second start of a process compiles nothing.
 *
 * <p>A file holds the SHA-256 of what follows, then the binary. It appears whole or not at all
 * (written beside and renamed), so any number of processes may share a folder; one that is damaged
 * counts as absent. A folder that cannot be written costs one WARN and compiling at each start.
 * Thread-safe.
 */
public final class KernelCache {

    /** The folder, instead of {@code ~/.cache/offloadstream}. */
    public static final String PROPERTY = "offloadstream.cache";

    private static final Logger LOGGER = LoggerFactory.getLogger(KernelCache.class);

    private static final int DIGEST_BYTES = 32;

    private final Path folder;
    private final AtomicBoolean warned = new AtomicBoolean();

    /**
     * Names a folder. It is made when something is stored.
     *
     * @param folder where the files are
     */
    public KernelCache(Path folder) {
        this.folder = folder;
    }

    /**
     * Returns the cache of this user: the folder {@code kernels} in that of the system property
     * {@link #PROPERTY}, else in {@code offloadstream} in {@code $XDG_CACHE_HOME}, else in {@code
     * ~/.cache/offloadstream}.
     *
     * @return the cache
     */
    public static KernelCache ofUser() {
        return new KernelCache(userFolder().resolve("kernels"));
    }

    /**
     * Returns where this user's caches are: the system property {@link #PROPERTY}, else {@code
     * offloadstream} in {@code $XDG_CACHE_HOME}, else {@code ~/.cache/offloadstream}.
     *
     * @return a folder that may not exist yet
     */
    public static Path userFolder() {
        return userFolder(
                System.getProperty(PROPERTY),
                System.getenv("XDG_CACHE_HOME"),
                System.getProperty("user.home", "."));
    }

    static Path userFolder(String property, String xdgCacheHome, String home) {
        if (property != null && !property.isBlank()) {
            return Path.of(property);
        }
        // The XDG specification: a relative path is invalid and is ignored
        if (xdgCacheHome != null && !xdgCacheHome.isBlank() && Path.of(xdgCacheHome).isAbsolute()) {
            return Path.of(xdgCacheHome, "offloadstream");
        }
        return Path.of(home, ".cache", "offloadstream");
    }

    /**
     * Names what a binary depends on.
     *
     * @param parts source, options, compiler, driver, device: all that another binary would come of
     * @return a key: a file name
     */
    public static String key(String... parts) {
        MessageDigest digest = sha256();
        for (String part : parts) {
            byte[] bytes = part.getBytes(StandardCharsets.UTF_8);
            // The length first: ("ab", "c") is not ("a", "bc")
            digest.update((bytes.length + ":").getBytes(StandardCharsets.UTF_8));
            digest.update(bytes);
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /**
     * Reads a binary.
     *
     * @param key from {@link #key}
     * @return the binary, or null if there is none or the file is damaged
     */
    public byte[] load(String key) {
        byte[] file;
        try {
            file = Files.readAllBytes(folder.resolve(key));
        } catch (NoSuchFileException e) {
            return null;
        } catch (IOException e) {
            warn("read", e);
            return null;
        }
        if (file.length < DIGEST_BYTES) {
            return null;
        }
        byte[] binary = Arrays.copyOfRange(file, DIGEST_BYTES, file.length);
        byte[] digest = Arrays.copyOf(file, DIGEST_BYTES);
        return MessageDigest.isEqual(digest, sha256().digest(binary)) ? binary : null;
    }

    /**
     * Writes a binary, over what was there.
     *
     * @param key from {@link #key}
     * @param binary what the compiler made
     */
    public void store(String key, byte[] binary) {
        Path partial = null;
        try {
            Files.createDirectories(folder);
            partial = Files.createTempFile(folder, "partial", "");
            byte[] file = Arrays.copyOf(sha256().digest(binary), DIGEST_BYTES + binary.length);
            System.arraycopy(binary, 0, file, DIGEST_BYTES, binary.length);
            Files.write(partial, file);
            move(partial, folder.resolve(key));
        } catch (IOException e) {
            warn("written", e);
            deleteQuietly(partial);
        }
    }

    private static void move(Path partial, Path target) throws IOException {
        try {
            Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileAlreadyExistsException e) {
            // A file system whose rename does not replace: what is there has the same key
            Files.delete(partial);
        }
    }

    private static void deleteQuietly(Path partial) {
        try {
            if (partial != null) {
                Files.deleteIfExists(partial);
            }
        } catch (IOException e) {
            LOGGER.debug("{} stays behind", partial, e);
        }
    }

    private void warn(String verb, IOException e) {
        if (warned.compareAndSet(false, true)) {
            LOGGER.warn(
                    "compiled kernels cannot be {} in {} ({}): they are compiled at each start;"
                            + " name another folder with -D{}=",
                    verb,
                    folder,
                    e.toString(),
                    PROPERTY);
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
