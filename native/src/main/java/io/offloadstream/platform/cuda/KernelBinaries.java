/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.gpu.KernelCache;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Where the binaries of the kernels come from: NVRTC, its results kept on disk, and the jar, for a
 * machine that has the driver alone or an NVRTC that does not know the card.
 */
final class KernelBinaries {

    /** Cards that the jar has machine code for. */
    static final List<Integer> CAPABILITIES = List.of(75, 80, 86, 89, 90, 120);

    /** What the jar has PTX of, for all other cards from Pascal on. */
    static final int PTX_CAPABILITY = 60;

    /** Where they are in the jar. */
    static final String FOLDER = "/io/offloadstream/platform/cuda/kernels/";

    /**
     * A cubin or PTX. The jar's is read when it is asked for: where NVRTC knows the card, never.
     *
     * @param origin where it comes from, for logs and messages
     * @param content gives its bytes; throws DeviceException if the jar cannot be read
     */
    record Image(String origin, Supplier<byte[]> content) {

        byte[] bytes() {
            return content.get();
        }
    }

    /**
     * The binaries of a module.
     *
     * @param images the best first, at least one
     * @param refusal why NVRTC did not compile what the jar has, null if it did or was not asked
     */
    record Found(List<Image> images, DeviceException refusal) {}

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
     * Returns the binaries of a module, the best first, for the driver may refuse one that a newer
     * compiler made: NVRTC's machine code, the jar's, PTX by NVRTC where neither was, the jar's
     * PTX. An NVRTC that fails (half installed, say) is passed over where the jar has any.
     *
     * @param module its name
     * @param source what NVRTC compiles
     * @return at least one
     * @throws DeviceException if nothing in the jar is for this card, and it does not compile or
     *     there is no compiler
     */
    Found of(String module, String source) {
        Optional<Image> cubin =
                cubinCapability(capability)
                        .flatMap(sm -> bundled(cubinName(module, sm), "sm_" + sm + " of the jar"));
        List<Image> images = new ArrayList<>();
        cubin.ifPresent(images::add);
        bundled(ptxName(module), "PTX of the jar").ifPresent(images::add);
        DeviceException refusal = null;
        if (nvrtc != null && (nvrtc.knows(capability) || cubin.isEmpty())) {
            try {
                images.add(0, compiled(module, source));
            } catch (DeviceException e) {
                if (images.isEmpty()) {
                    throw e;
                }
                refusal = e;
            }
        }
        if (images.isEmpty()) {
            throw new DeviceException(
                    "there are no kernels of "
                            + module
                            + " for sm_"
                            + capability
                            + ": this jar was built without a CUDA compiler, and no NVRTC of this"
                            + " machine (libnvrtc.so.12) compiles for the card; install it, or take"
                            + " a released jar");
        }
        return new Found(images, refusal);
    }

    private Image compiled(String module, String source) {
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
        byte[] loaded = image;
        return new Image("NVRTC " + nvrtc.version(), () -> loaded);
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

    private static Optional<Image> bundled(String name, String origin) {
        boolean exists = KernelBinaries.class.getResource(FOLDER + name) != null;
        return exists ? Optional.of(new Image(origin, () -> read(name))) : Optional.empty();
    }

    private static byte[] read(String name) {
        try (InputStream stream = KernelBinaries.class.getResourceAsStream(FOLDER + name)) {
            return Objects.requireNonNull(stream, name).readAllBytes();
        } catch (IOException e) {
            throw new DeviceException("the jar's kernels " + name + " cannot be read: " + e, e);
        }
    }
}
