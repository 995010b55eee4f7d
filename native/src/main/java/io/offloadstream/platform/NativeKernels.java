/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform;

import java.util.List;

/**
 * The kernels of the native library, on the best instruction set that the machine runs or on the
 * one that the system property {@code offloadstream.isa} names. Thread-safe.
 */
final class NativeKernels implements Kernels {

    private final String instructionSet;

    private NativeKernels(String instructionSet) {
        this.instructionSet = instructionSet;
    }

    /**
     * Loads the library and chooses the instruction set, for the whole process.
     *
     * @param library {@link KernelLibrary#NAME}, or the path of a file
     * @param instructionSet its name, or empty for the best
     * @return the kernels
     * @throws OffloadStreamException if the library does not load
     * @throws IllegalArgumentException if this machine does not run the instruction set
     */
    static NativeKernels open(String library, String instructionSet) {
        KernelLibrary.load(library);
        List<String> names = KernelLibrary.instructionSets();
        int index = instructionSet.isEmpty() ? 0 : names.indexOf(instructionSet);
        if (index < 0) {
            throw new IllegalArgumentException(
                    "offloadstream.isa="
                            + instructionSet
                            + " does not run on this machine; these do: "
                            + names);
        }
        KernelLibrary.ofs_isa_select(index);
        return new NativeKernels(names.get(index));
    }

    @Override
    public String name() {
        return "native " + instructionSet;
    }

    @Override
    public void linear(
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
            int outEnd) {
        KernelLibrary.ofs_linear(
                x, rows, in, weight, weightType, bias, biasType, y, yStride, outBegin, outEnd);
    }

    @Override
    public void quantizeRows(long x, int rows, int in, long y) {
        KernelLibrary.ofs_quantize_rows(x, rows, in, y);
    }

    @Override
    public void linearInt8(
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
            int outEnd) {
        KernelLibrary.ofs_linear_int8(
                x, rows, in, weight, weightType, bias, biasType, y, yStride, outBegin, outEnd);
    }

    @Override
    public void linearScaled(
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
            int outEnd) {
        KernelLibrary.ofs_linear_scaled(
                x, rows, in, weight, scales, bias, biasType, y, yStride, outBegin, outEnd);
    }

    @Override
    public void linearPacked(
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
            int outEnd) {
        KernelLibrary.ofs_linear_packed(
                x, rows, in, weight, escapes, firstRow, bias, biasType, y, yStride, outBegin,
                outEnd);
    }

    @Override
    public int roundedBytes() {
        return KernelLibrary.ofs_rounded_bytes();
    }

    @Override
    public void round(long x, long count, long y) {
        KernelLibrary.ofs_round(x, count, y);
    }

    @Override
    public void linearRounded(
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
            int outEnd) {
        KernelLibrary.ofs_linear_rounded(
                x, rows, in, weight, escapes, firstRow, bias, biasType, y, yStride, outBegin,
                outEnd);
    }

    @Override
    public void linearTransposed(
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
            int outEnd) {
        KernelLibrary.ofs_linear_transposed(
                x, rows, in, out, weight, weightType, bias, biasType, y, outBegin, outEnd);
    }

    @Override
    public void rmsNorm(
            long x, int rows, int width, long weight, int weightType, float eps, long y) {
        KernelLibrary.ofs_rms_norm(x, rows, width, weight, weightType, eps, y);
    }

    @Override
    public void layerNorm(
            long x, int rows, int width, long weight, long bias, int type, float eps, long y) {
        KernelLibrary.ofs_layer_norm(x, rows, width, weight, bias, type, eps, y);
    }

    @Override
    public void rope(
            long x,
            int rows,
            int heads,
            int headDim,
            int halfDim,
            long cos,
            long sin,
            int interleaved) {
        KernelLibrary.ofs_rope(x, rows, heads, headDim, halfDim, cos, sin, interleaved);
    }

    @Override
    public void storeKv(
            long x,
            int rows,
            int kvHeads,
            int headDim,
            long targets,
            long offsetBytes,
            long headStrideBytes,
            int kvType) {
        KernelLibrary.ofs_store_kv(
                x, rows, kvHeads, headDim, targets, offsetBytes, headStrideBytes, kvType);
    }

    @Override
    public void attention(
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
            long itemEnd) {
        KernelLibrary.ofs_attention(
                q,
                heads,
                kvHeads,
                headDim,
                scale,
                rowSequence,
                rowSlot,
                pages,
                maxPages,
                layerOffsetBytes,
                valueOffsetBytes,
                pageTokens,
                kvType,
                mask,
                maskStride,
                window,
                y,
                itemBegin,
                itemEnd);
    }

    @Override
    public void activate(int activation, long x, long count, long y) {
        KernelLibrary.ofs_activate(activation, x, count, y);
    }

    @Override
    public void activateMultiply(int activation, long gate, long up, long count, long y) {
        KernelLibrary.ofs_activate_multiply(activation, gate, up, count, y);
    }

    @Override
    public void add(long target, long x, long count) {
        KernelLibrary.ofs_add(target, x, count);
    }

    @Override
    public void top(long x, int count, int begin, int wanted, long values, long places) {
        KernelLibrary.ofs_top(x, count, begin, wanted, values, places);
    }

    @Override
    public void gather(long addresses, int rows, int width, int type, long y) {
        KernelLibrary.ofs_gather(addresses, rows, width, type, y);
    }

    @Override
    public void gatherPacked(
            long addresses, long numbers, long escapes, int rows, int width, long y) {
        KernelLibrary.ofs_gather_packed(addresses, numbers, escapes, rows, width, y);
    }

    @Override
    public float probeRead(long from, long bytes) {
        return KernelLibrary.ofs_probe_read(from, bytes);
    }

    @Override
    public long probeFma(long rounds, long result) {
        return KernelLibrary.ofs_probe_fma(rounds, result);
    }
}
