/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import com.sun.jna.StringArray;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.LongByReference;
import com.sun.jna.ptr.PointerByReference;
import io.offloadstream.platform.DeviceException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * NVRTC by JNA: compiles CUDA C to a cubin for a card, or to PTX where it is too old to know the
 * card. Needs neither a card nor a driver. Thread-safe.
 */
final class Nvrtc {

    /** Names the file of the library; {@code none} does without. */
    static final String PROPERTY = "offloadstream.libnvrtc";

    private static final Logger LOGGER = LoggerFactory.getLogger(Nvrtc.class);

    /** What is fused is written so: sums in one order have the same bits in every kernel. */
    static final String NO_CONTRACTION = "--fmad=false";

    private static final int NEWEST_MAJOR = 13;
    private static final int OLDEST_MAJOR = 11;

    /** What a compilation came to. */
    record Binary(byte[] image, boolean isPtx, String log) {}

    private final NativeLibrary library;
    private final String version;
    private final int[] architectures;

    private Nvrtc(NativeLibrary library) {
        this.library = library;
        IntByReference major = new IntByReference();
        IntByReference minor = new IntByReference();
        check(call("nvrtcVersion", major, minor), "nvrtcVersion");
        version = major.getValue() + "." + minor.getValue();
        IntByReference count = new IntByReference();
        check(call("nvrtcGetNumSupportedArchs", count), "nvrtcGetNumSupportedArchs");
        architectures = new int[count.getValue()];
        check(call("nvrtcGetSupportedArchs", (Object) architectures), "nvrtcGetSupportedArchs");
        // Absent before 11.1, which makes PTX only
        library.getFunction("nvrtcGetCUBINSize");
    }

    /**
     * Finds the newest NVRTC that makes what the driver loads and the card runs.
     *
     * @param driverVersion what the driver supports, as it counts: 12040
     * @param capability of the card, 90 for sm_90
     * @return NVRTC, or nothing
     */
    static Optional<Nvrtc> find(int driverVersion, int capability) {
        String named = System.getProperty(PROPERTY, "");
        if (named.equals("none")) {
            return Optional.empty();
        }
        return choose(
                named.isEmpty()
                        ? candidates(Math.min(driverVersion / 1000, NEWEST_MAJOR))
                        : List.of(named),
                capability);
    }

    /**
     * Chooses the first that makes machine code for a card, else the first that makes PTX for it:
     * one may be too old for the card, another too new.
     *
     * @param candidates names and files, the best first; those that do not load are passed over
     * @param capability of the card, 90 for sm_90
     * @return NVRTC, or nothing
     */
    static Optional<Nvrtc> choose(List<String> candidates, int capability) {
        Nvrtc ptxOnly = null;
        for (String candidate : candidates) {
            Nvrtc nvrtc = open(candidate).orElse(null);
            if (nvrtc != null && nvrtc.knows(capability)) {
                return Optional.of(nvrtc);
            }
            if (nvrtc != null && ptxOnly == null && nvrtc.newestBelow(capability) > 0) {
                ptxOnly = nvrtc;
            }
        }
        return Optional.ofNullable(ptxOnly);
    }

    /**
     * Finds every NVRTC of this machine.
     *
     * @return the newest first
     */
    static List<Nvrtc> findAll() {
        return candidates(NEWEST_MAJOR).stream().flatMap(name -> open(name).stream()).toList();
    }

    private static Optional<Nvrtc> open(String name) {
        try {
            return Optional.of(new Nvrtc(NativeLibrary.getInstance(name)));
        } catch (UnsatisfiedLinkError | DeviceException e) {
            LOGGER.debug("{}: {}", name, e.getMessage());
            return Optional.empty();
        }
    }

    private static List<String> candidates(int newestMajor) {
        return candidates(newestMajor, toolkitFolders());
    }

    /**
     * Lists where NVRTC may be, the newest major version first: of each the name that the system
     * may know, then the files in folders.
     *
     * @param newestMajor the newest version to list, 12 for 12.x
     * @param folders of CUDA toolkits
     * @return names and files
     */
    static List<String> candidates(int newestMajor, List<Path> folders) {
        List<String> candidates = new ArrayList<>();
        for (int major = newestMajor; major >= OLDEST_MAJOR; major--) {
            for (String name : names(major)) {
                candidates.add(name);
                for (Path folder : folders) {
                    Path file = folder.resolve(Platform.isWindows() ? name + ".dll" : name);
                    if (Files.exists(file)) {
                        candidates.add(file.toString());
                    }
                }
            }
        }
        return candidates;
    }

    private static List<String> names(int major) {
        if (Platform.isMac()) {
            return List.of();
        }
        // 11.2 and later are one family with one name
        boolean isOldest = major == OLDEST_MAJOR;
        if (Platform.isWindows()) {
            return List.of("nvrtc64_" + major + (isOldest ? "2" : "0") + "_0");
        }
        String name = "libnvrtc.so." + major;
        return isOldest ? List.of(name + ".2", name) : List.of(name);
    }

    private static List<Path> toolkitFolders() {
        List<Path> folders = new ArrayList<>();
        for (String variable : new String[] {"CUDA_HOME", "CUDA_PATH"}) {
            String home = System.getenv(variable);
            if (home != null && !home.isBlank()) {
                folders.add(Path.of(home, Platform.isWindows() ? "bin" : "lib64"));
            }
        }
        if (!Platform.isWindows()) {
            folders.add(Path.of("/usr/local/cuda/lib64"));
        }
        return folders;
    }

    /**
     * Returns the version.
     *
     * @return {@code 11.8}
     */
    String version() {
        return version;
    }

    /**
     * Tells whether it makes machine code for a capability.
     *
     * @param capability 90 for sm_90
     * @return true if it knows the card
     */
    boolean knows(int capability) {
        return Arrays.stream(architectures).anyMatch(known -> known == capability);
    }

    /**
     * Returns what a card's kernels are compiled with.
     *
     * @param capability of the card, 90 for sm_90
     * @return options of {@link #compile}: machine code, or PTX of the newest that it knows
     */
    List<String> options(int capability) {
        if (knows(capability)) {
            return options("sm_" + capability);
        }
        int newest = newestBelow(capability);
        if (newest == 0) {
            throw new DeviceException(
                    "NVRTC "
                            + version
                            + " compiles nothing that sm_"
                            + capability
                            + " runs; install an older one");
        }
        return options("compute_" + newest);
    }

    /** What PTX for a card is made of, 0 if it is older than all that are known. */
    private int newestBelow(int capability) {
        return Arrays.stream(architectures).filter(known -> known < capability).max().orElse(0);
    }

    /**
     * Returns the options for one target.
     *
     * @param target {@code sm_90} or {@code compute_60}
     * @return options of {@link #compile}
     */
    static List<String> options(String target) {
        return List.of("--gpu-architecture=" + target, NO_CONTRACTION);
    }

    /**
     * Compiles.
     *
     * @param name of the module, for messages
     * @param source CUDA C
     * @param options from {@link #options(int)}, and others
     * @return machine code or PTX, as the options say
     * @throws DeviceException if the source does not compile; the message has the log
     */
    Binary compile(String name, String source, List<String> options) {
        PointerByReference program = new PointerByReference();
        check(
                call(
                        "nvrtcCreateProgram",
                        program,
                        terminated(source),
                        terminated(name),
                        0,
                        null,
                        null),
                "nvrtcCreateProgram");
        try {
            Pointer handle = program.getValue();
            int result =
                    call(
                            "nvrtcCompileProgram",
                            handle,
                            options.size(),
                            new StringArray(options.toArray(new String[0])));
            String log = text(bytes(handle, "nvrtcGetProgramLog"));
            if (result != 0) {
                throw new DeviceException(
                        "the kernels of "
                                + name
                                + " do not compile with NVRTC "
                                + version
                                + " "
                                + options
                                + ": "
                                + describe(result)
                                + "\n"
                                + log);
            }
            boolean isPtx = options.get(0).contains("=compute_");
            byte[] image = bytes(handle, isPtx ? "nvrtcGetPTX" : "nvrtcGetCUBIN");
            return new Binary(image, isPtx, log);
        } finally {
            call("nvrtcDestroyProgram", program);
        }
    }

    private byte[] bytes(Pointer program, String function) {
        LongByReference size = new LongByReference();
        check(call(function + "Size", program, size), function + "Size");
        byte[] bytes = new byte[Math.toIntExact(size.getValue())];
        check(call(function, program, bytes), function);
        return bytes;
    }

    private static byte[] terminated(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return Arrays.copyOf(bytes, bytes.length + 1);
    }

    private static String text(byte[] terminated) {
        return new String(terminated, StandardCharsets.UTF_8).replace("\0", "").strip();
    }

    private int call(String function, Object... arguments) {
        return library.getFunction(function).invokeInt(arguments);
    }

    private void check(int result, String function) {
        if (result != 0) {
            throw new DeviceException(
                    library.getName() + ": " + function + ": " + describe(result));
        }
    }

    private String describe(int result) {
        return library.getFunction("nvrtcGetErrorString")
                .invokeString(new Object[] {result}, false);
    }
}
