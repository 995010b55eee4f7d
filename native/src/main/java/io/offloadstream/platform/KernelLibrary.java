/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import com.sun.jna.Native;
import com.sun.jna.NativeLibrary;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code kernels.h} by JNA direct mapping: one static method per C function, of the same name.
 *
 * <p>Nothing may be called before {@link #load} has returned.
 */
final class KernelLibrary {

    /** The version of {@code kernels.h} that this file was written for. */
    static final int ABI_VERSION = 7;

    /** What the library is called, less what the platform adds ({@code lib}, {@code .so}). */
    static final String NAME = "offloadstream";

    private KernelLibrary() {}

    /**
     * Loads and binds the library.
     *
     * @param name {@link #NAME}, or the path of a file
     * @throws OffloadStreamException if it is not there, not for this machine or of another version
     */
    static void load(String name) {
        try {
            NativeLibrary library =
                    NativeLibrary.getInstance(name, KernelLibrary.class.getClassLoader());
            int version = library.getFunction("ofs_abi_version").invokeInt(new Object[0]);
            if (version != ABI_VERSION) {
                throw new OffloadStreamException(
                        library.getFile()
                                + " has kernels of version "
                                + version
                                + ", version "
                                + ABI_VERSION
                                + " is needed; rebuild it or remove it");
            }
            Native.register(KernelLibrary.class, library);
        } catch (LinkageError e) {
            throw new OffloadStreamException(
                    "the kernel library "
                            + name
                            + " does not load ("
                            + firstLine(e.getMessage())
                            + "); build with cmake and a C compiler to get it",
                    e);
        }
    }

    private static String firstLine(String text) {
        return text == null ? "no reason given" : text.lines().findFirst().orElse("");
    }

    /**
     * Lists the instruction sets that this machine runs.
     *
     * @return their names, best first
     */
    static List<String> instructionSets() {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < ofs_isa_count(); i++) {
            names.add(ofs_isa_name(i));
        }
        return names;
    }

    static native int ofs_isa_count();

    static native String ofs_isa_name(int index);

    static native void ofs_isa_select(int index);

    static native void ofs_linear(
            long x,
            int rows,
            int in,
            long weight,
            int weightType,
            long bias,
            int biasType,
            long y,
            long yStride,
            int outBegin,
            int outEnd);

    static native void ofs_quantize_rows(long x, int rows, int in, long y);

    static native void ofs_linear_int8(
            long x,
            int rows,
            int in,
            long weight,
            int weightType,
            long bias,
            int biasType,
            long y,
            long yStride,
            int outBegin,
            int outEnd);

    static native void ofs_linear_scaled(
            long x,
            int rows,
            int in,
            long weight,
            long scales,
            long bias,
            int biasType,
            long y,
            long yStride,
            int outBegin,
            int outEnd);

    static native void ofs_linear_packed(
            long x,
            int rows,
            int in,
            long weight,
            long escapes,
            int firstRow,
            long bias,
            int biasType,
            long y,
            long yStride,
            int outBegin,
            int outEnd);

    static native int ofs_rounded_bytes();

    static native void ofs_round(long x, long count, long y);

    static native void ofs_linear_rounded(
            long x,
            int rows,
            int in,
            long weight,
            long escapes,
            int firstRow,
            long bias,
            int biasType,
            long y,
            long yStride,
            int outBegin,
            int outEnd);

    static native void ofs_linear_transposed(
            long x,
            int rows,
            int in,
            int out,
            long weight,
            int weightType,
            long bias,
            int biasType,
            long y,
            int outBegin,
            int outEnd);

    static native void ofs_rms_norm(
            long x, int rows, int width, long weight, int weightType, float eps, long y);

    static native void ofs_layer_norm(
            long x, int rows, int width, long weight, long bias, int type, float eps, long y);

    static native void ofs_rope(
            long x,
            int rows,
            int heads,
            int headDim,
            int halfDim,
            long cos,
            long sin,
            int interleaved);

    static native void ofs_store_kv(
            long x,
            int rows,
            int kvHeads,
            int headDim,
            long targets,
            long offsetBytes,
            long headStrideBytes,
            int kvType);

    static native void ofs_attention(
            long q,
            int heads,
            int kvHeads,
            int headDim,
            float scale,
            long rowSequence,
            long rowSlot,
            long pages,
            int maxPages,
            long layerOffsetBytes,
            long valueOffsetBytes,
            int pageTokens,
            int kvType,
            long mask,
            long maskStride,
            int window,
            long y,
            long itemBegin,
            long itemEnd);

    static native void ofs_activate(int activation, long x, long count, long y);

    static native void ofs_activate_multiply(
            int activation, long gate, long up, long count, long y);

    static native void ofs_add(long target, long x, long count);

    static native void ofs_top(long x, int count, int begin, int wanted, long values, long places);

    static native void ofs_gather(long addresses, int rows, int width, int type, long y);

    static native void ofs_gather_packed(
            long addresses, long numbers, long escapes, int rows, int width, long y);

    static native float ofs_probe_read(long from, long bytes);

    static native long ofs_probe_fma(long rounds, long result);
}
