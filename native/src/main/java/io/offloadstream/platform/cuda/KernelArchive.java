/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import io.offloadstream.platform.SuppressForbidden;
import io.offloadstream.platform.gpu.KernelCache;
import io.offloadstream.platform.gpu.KernelSources;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Compiles the kernels that the jar carries for machines with a driver alone. Run by the build of
 * this module before its tests; does nothing where the sources and compilers are those of the last
 * time.
 *
 * <p>Each binary is made by the oldest compiler that knows the card, since old drivers refuse what
 * new ones make.
 */
final class KernelArchive {

    /** The file beside the binaries that tells what they were made of. */
    private static final String STAMP = "stamp";

    private final Path folder;
    private final List<Nvrtc> nvrtcs;
    private final Nvcc nvcc;

    /** One file to make. */
    private record Target(String file, String module, int capability, boolean isPtx) {}

    private KernelArchive(Path folder, List<Nvrtc> nvrtcs, Nvcc nvcc) {
        this.folder = folder;
        this.nvrtcs = nvrtcs;
        this.nvcc = nvcc;
    }

    /**
     * Compiles the modules of {@link KernelSources} with what this machine has.
     *
     * @param arguments the folder for the files
     * @throws IOException if they cannot be written
     */
    @SuppressForbidden("the one line that a build shows")
    public static void main(String[] arguments) throws IOException {
        System.out.println(build(Path.of(arguments[0]), sources()));
    }

    /**
     * Tells whether a folder holds what {@link #main} makes of the sources and compilers of now.
     *
     * @param folder of the binaries
     * @return false too where it does not exist
     * @throws IOException if it cannot be read
     */
    static boolean isUpToDate(Path folder) throws IOException {
        return of(folder).isUpToDate(sources());
    }

    private static KernelArchive of(Path folder) {
        return new KernelArchive(folder, Nvrtc.findAll(), Nvcc.find().orElse(null));
    }

    private static Map<String, String> sources() {
        Map<String, String> sources = new TreeMap<>();
        Stream.concat(
                        KernelSources.commonModules().stream(),
                        KernelSources.cudaModules(Integer.MAX_VALUE).stream())
                .forEach(module -> sources.put(module, KernelSources.source("cuda", module)));
        return sources;
    }

    /**
     * Compiles modules.
     *
     * @param folder for the files
     * @param sources by the name of the module
     * @return what was done, in one line
     * @throws IOException if files cannot be written
     */
    static String build(Path folder, Map<String, String> sources) throws IOException {
        return of(folder).build(sources);
    }

    private String build(Map<String, String> sources) throws IOException {
        if (nvrtcs.isEmpty() && nvcc == null) {
            return "no NVRTC and no nvcc: the jar carries no compiled CUDA kernels, its users need"
                    + " NVRTC";
        }
        Files.createDirectories(folder);
        if (isUpToDate(sources)) {
            return "the CUDA kernels of the jar are up to date";
        }
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        List<Target> targets = targets(sources);
        targets.parallelStream().forEach(target -> write(target, sources.get(target.module())));
        Files.writeString(folder.resolve(STAMP), key(sources));
        return describe(targets);
    }

    private boolean isUpToDate(Map<String, String> sources) throws IOException {
        Path stamp = folder.resolve(STAMP);
        return Files.exists(stamp) && Files.readString(stamp).equals(key(sources));
    }

    private String key(Map<String, String> sources) {
        return KernelCache.key(sources.toString(), compilers());
    }

    private String compilers() {
        return nvrtcs.stream().map(Nvrtc::version).toList()
                + (nvcc == null ? "" : nvcc.version())
                + KernelBinaries.CAPABILITIES;
    }

    private List<Target> targets(Map<String, String> sources) {
        List<Target> targets = new ArrayList<>();
        for (String module : sources.keySet()) {
            int oldest = KernelSources.oldestCapability(module);
            for (int capability : KernelBinaries.CAPABILITIES) {
                boolean known =
                        nvrtcFor(capability) != null || (nvcc != null && nvcc.knows(capability));
                if (capability >= oldest && known) {
                    String file = KernelBinaries.cubinName(module, capability);
                    targets.add(new Target(file, module, capability, false));
                }
            }
            int ptxCapability = Math.max(KernelBinaries.PTX_CAPABILITY, oldest);
            if (nvrtcFor(ptxCapability) != null) {
                String file = KernelBinaries.ptxName(module);
                targets.add(new Target(file, module, ptxCapability, true));
            }
        }
        return targets;
    }

    /** The oldest that knows the card. */
    private Nvrtc nvrtcFor(int capability) {
        Nvrtc oldest = null;
        for (Nvrtc nvrtc : nvrtcs) {
            if (nvrtc.knows(capability)) {
                oldest = nvrtc;
            }
        }
        return oldest;
    }

    private void write(Target target, String source) {
        try {
            Files.write(folder.resolve(target.file()), compile(target, source));
        } catch (IOException e) {
            throw new UncheckedIOException(target.file(), e);
        }
    }

    private byte[] compile(Target target, String source) throws IOException {
        Nvrtc nvrtc = nvrtcFor(target.capability());
        if (nvrtc == null) {
            return nvcc.compile(target.module(), source, target.capability());
        }
        String architecture = (target.isPtx() ? "compute_" : "sm_") + target.capability();
        return nvrtc.compile(target.module(), source, Nvrtc.options(architecture)).image();
    }

    private String describe(List<Target> targets) throws IOException {
        long bytes = 0;
        for (Target target : targets) {
            bytes += Files.size(folder.resolve(target.file()));
        }
        String kinds =
                targets.stream()
                        .map(target -> target.isPtx() ? "PTX" : "sm_" + target.capability())
                        .distinct()
                        .collect(Collectors.joining(", "));
        return "CUDA kernels of the jar: "
                + targets.size()
                + " files ("
                + kinds
                + "), "
                + (bytes + 512) / 1024
                + " KiB, by NVRTC "
                + nvrtcs.stream().map(Nvrtc::version).toList()
                + (nvcc == null ? "" : " and nvcc");
    }
}
