/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.IntByReference;
import com.sun.jna.ptr.PointerByReference;
import io.offloadstream.platform.DeviceException;
import java.util.Arrays;
import java.util.Locale;

/**
 * The driver's library by JNA: the probe before jcuda, and the few calls that jcuda's binding
 * cannot make.
 */
final class DriverLibrary {

    /** Names the file of the driver's library, for machines where the system does not find it. */
    static final String PROPERTY = "offloadstream.libcuda";

    /** The oldest version of CUDA that the driver may have, as the driver counts: 11.0. */
    private static final int OLDEST_VERSION = 11000;

    private static final int PORTABLE = 1;

    /** Nothing was plugged in, or all is hidden from this process, which is no fault. */
    static class AbsentException extends DeviceException {

        private static final long serialVersionUID = 1;

        AbsentException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** No driver was installed: a fault where there is a card for it. */
    static final class MissingException extends AbsentException {

        private static final long serialVersionUID = 1;

        MissingException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    private final NativeLibrary library;
    private final int version;
    private final Function paramInfo;

    private DriverLibrary(NativeLibrary library, int version) {
        this.library = library;
        this.version = version;
        this.paramInfo = optional("cuFuncGetParamInfo");
    }

    /**
     * Finds the library, starts the driver and asks for its version.
     *
     * @return the library
     * @throws DeviceException if it is missing, too old or finds no device; one line
     */
    static DriverLibrary open() {
        String name =
                System.getProperty(PROPERTY, Platform.isWindows() ? "nvcuda" : "libcuda.so.1");
        if (Platform.isMac()) {
            throw new AbsentException("CUDA does not exist for macOS", null);
        }
        NativeLibrary library;
        try {
            library = NativeLibrary.getInstance(name);
        } catch (UnsatisfiedLinkError e) {
            throw new MissingException("no NVIDIA driver: " + name + " was not found", e);
        }
        IntByReference version = new IntByReference();
        // The version may be asked for before cuInit, so that an old driver gets the better message
        int result = call(library, "cuDriverGetVersion", version);
        if (result == CudaResult.SUCCESS && version.getValue() < OLDEST_VERSION) {
            throw new DeviceException(
                    "the NVIDIA driver supports CUDA "
                            + versionName(version.getValue())
                            + ", "
                            + versionName(OLDEST_VERSION)
                            + " or newer is needed; update the driver");
        }
        if (result == CudaResult.SUCCESS) {
            result = call(library, "cuInit", 0);
        }
        if (result == CudaResult.NO_DEVICE) {
            throw new AbsentException("the NVIDIA driver finds no device", null);
        }
        if (result != CudaResult.SUCCESS) {
            throw new DeviceException(
                    "the NVIDIA driver does not start: " + describe(library, result));
        }
        return new DriverLibrary(library, version.getValue());
    }

    private static int call(NativeLibrary library, String name, Object... arguments) {
        try {
            return library.getFunction(name).invokeInt(arguments);
        } catch (UnsatisfiedLinkError e) {
            throw new DeviceException(library.getName() + " lacks " + name, e);
        }
    }

    private Function optional(String name) {
        try {
            return library.getFunction(name);
        } catch (UnsatisfiedLinkError e) {
            return null;
        }
    }

    /**
     * Returns the version of CUDA that the driver supports.
     *
     * @return 1000 times the major plus 10 times the minor version
     */
    int version() {
        return version;
    }

    static String versionName(int version) {
        return String.format(Locale.ROOT, "%d.%d", version / 1000, version % 1000 / 10);
    }

    /**
     * Names a result, as the driver does.
     *
     * @param result of a call
     * @return name, number and description
     */
    String describe(int result) {
        return describe(library, result);
    }

    private static String describe(NativeLibrary library, int result) {
        return text(library, "cuGetErrorName", result)
                + " ("
                + result
                + ", "
                + text(library, "cuGetErrorString", result)
                + ")";
    }

    private static String text(NativeLibrary library, String function, int result) {
        PointerByReference text = new PointerByReference();
        call(library, function, result, text);
        return text.getValue() == null ? "unknown error" : text.getValue().getString(0);
    }

    /**
     * Allocates pinned memory for all contexts. Not through jcuda, which wraps it in a ByteBuffer,
     * and that ends at 2 GiB.
     *
     * @param address receives the address
     * @param sizeBytes how much
     * @return the driver's result
     */
    int hostAlloc(long[] address, long sizeBytes) {
        PointerByReference target = new PointerByReference();
        int result = call(library, "cuMemHostAlloc", target, sizeBytes, PORTABLE);
        address[0] = Pointer.nativeValue(target.getValue());
        return result;
    }

    int hostFree(long address) {
        return call(library, "cuMemFreeHost", new Pointer(address));
    }

    /**
     * Returns the sizes of a kernel's parameters.
     *
     * @param function its handle
     * @return bytes of each, or null: drivers before CUDA 12.4 do not tell
     */
    int[] parameterBytes(long function) {
        if (paramInfo == null) {
            return null;
        }
        int[] sizes = new int[CudaKernel.MAXIMUM_PARAMETERS];
        try (Memory offset = new Memory(Long.BYTES);
                Memory size = new Memory(Long.BYTES)) {
            for (int i = 0; i < sizes.length; i++) {
                Object[] arguments = {new Pointer(function), (long) i, offset, size};
                if (paramInfo.invokeInt(arguments) != CudaResult.SUCCESS) {
                    return Arrays.copyOf(sizes, i);
                }
                sizes[i] = Math.toIntExact(size.getLong(0));
            }
        }
        return sizes;
    }
}
