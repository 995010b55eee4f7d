/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.gpu.KernelCache;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Where the binaries of the kernels come from: NVRTC, its results kept on disk; where there is
 * none, the jar, for a machine that has the driver alone.
 */
final class KernelBinaries {

    /** Cards that the jar has machine code for. */
    static final List<Integer> CAPABILITIES = List.of(75, 80, 86, 89, 90, 120);

    /** What the jar has PTX of, for all other cards from Pascal on. */
    static final int PTX_CAPABILITY = 60;

    /** Where they are in the jar. */
    static final String FOLDER = "/io/offloadstream/platform/cuda/kernels/";

    private final Nvrtc nvrtc;
    private final KernelCache cache;
    private final int capability;
    private final String driverVersion;

    /**
     * Chooses.
     *
     * @param nvrtc the compiler, null if there is none
     * @param cache what it made before
     * @param capability of the card, 90 for sm_90
     * @param driverVersion of the driver, part of the cache's key
     */
    KernelBinaries(Nvrtc nvrtc, KernelCache cache, int capability, String driverVersion) {
        this.nvrtc = nvrtc;
        this.cache = cache;
        this.capability = capability;
        this.driverVersion = driverVersion;
    }

    /**
     * Names where they come from.
     *
     * @return for logs and messages
     */
    String origin() {
        return nvrtc == null ? "the jar" : "NVRTC " + nvrtc.version();
    }

    /**
     * Returns the binaries of a module, the best first: the driver may refuse one that a newer
     * compiler made, and load the next.
     *
     * @param module its name
     * @param source what NVRTC compiles
     * @return cubins or PTX, at least one
     * @throws DeviceException if it does not compile, or nothing in the jar is for this card
     */
    List<byte[]> of(String module, String source) {
        return nvrtc == null ? bundled(module) : List.of(compiled(module, source));
    }

    private byte[] compiled(String module, String source) {
        List<String> options = nvrtc.options(capability);
        String key =
                KernelCache.key(
                        module,
                        source,
                        options.toString(),
                        "NVRTC " + nvrtc.version(),
                        driverVersion,
                        "sm_" + capability);
        byte[] image = cache.load(key);
        if (image == null) {
            image = nvrtc.compile(module, source, options).image();
            cache.store(key, image);
        }
        return image;
    }

    private List<byte[]> bundled(String module) {
        List<byte[]> images = new ArrayList<>();
        cubinCapability(capability)
                .flatMap(sm -> resource(cubinName(module, sm)))
                .ifPresent(images::add);
        resource(ptxName(module)).ifPresent(images::add);
        if (images.isEmpty()) {
            throw new DeviceException(
                    "there are no kernels of "
                            + module
                            + " for sm_"
                            + capability
                            + ": this jar was built without a CUDA compiler, and NVRTC"
                            + " (libnvrtc.so.12) is not on this machine; install it, or take a"
                            + " released jar");
        }
        return images;
    }

    /**
     * Chooses machine code: that of the same major version with the highest minor that is not above
     * the card's runs there.
     *
     * @param capability of the card
     * @return one of {@link #CAPABILITIES}, or nothing
     */
    static Optional<Integer> cubinCapability(int capability) {
        return CAPABILITIES.stream()
                .filter(sm -> sm <= capability && sm / 10 == capability / 10)
                .max(Integer::compare);
    }

    static String cubinName(String module, int capability) {
        return module + ".sm_" + capability + ".cubin";
    }

    static String ptxName(String module) {
        return module + ".ptx";
    }

    private static Optional<byte[]> resource(String name) {
        try (InputStream stream = KernelBinaries.class.getResourceAsStream(FOLDER + name)) {
            return stream == null ? Optional.empty() : Optional.of(stream.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException(name, e);
        }
    }
}
