/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrayAdapter;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import java.nio.charset.Charset;

/** Names the operations that these arrays do not have, where DJL's adapter would not. */
abstract class UnsupportedArray extends NDArrayAdapter {

    UnsupportedArray(NDManager manager, Shape shape, DataType dataType) {
        super(manager, null, shape, dataType, NDManager.nextUid());
    }

    static UnsupportedOperationException unsupported(String operation) {
        return new UnsupportedOperationException(
                "OffloadStream NDArray does not support "
                        + operation
                        + "; copy to another engine's with manager.create(array.toByteBuffer(),"
                        + " array.getShape(), array.getDataType())");
    }

    @Override
    public void setRequiresGradient(boolean requiresGrad) {
        throw unsupported("setRequiresGradient");
    }

    @Override
    public NDArray getGradient() {
        throw unsupported("getGradient");
    }

    @Override
    public NDArray stopGradient() {
        throw unsupported("stopGradient");
    }

    @Override
    public String[] toStringArray(Charset charset) {
        throw unsupported("toStringArray");
    }

    @Override
    public NDArray gatherNd(NDArray index) {
        throw unsupported("gatherNd");
    }

    @Override
    public NDArray put(NDArray index, NDArray value) {
        throw unsupported("put");
    }

    @Override
    public NDArray scatter(NDArray index, NDArray value, int axis) {
        throw unsupported("scatter");
    }

    @Override
    public NDArray sequenceMask(NDArray sequenceLength, float value) {
        throw unsupported("sequenceMask");
    }

    @Override
    public NDArray gammaln() {
        throw unsupported("gammaln");
    }

    @Override
    public NDArray rotate90(int times, int[] axes) {
        throw unsupported("rotate90");
    }

    @Override
    public NDArray trace(int offset, int axis1, int axis2) {
        throw unsupported("trace");
    }

    @Override
    public NDArray fft(long length, long axis) {
        throw unsupported("fft");
    }

    @Override
    public NDArray ifft(long length, long axis) {
        throw unsupported("ifft");
    }

    @Override
    public NDArray rfft(long length, long axis) {
        throw unsupported("rfft");
    }

    @Override
    public NDArray irfft(long length, long axis) {
        throw unsupported("irfft");
    }

    @Override
    public NDArray stft(
            long nFft,
            long hopLength,
            boolean center,
            NDArray window,
            boolean normalize,
            boolean returnComplex) {
        throw unsupported("stft");
    }

    @Override
    public NDArray fft2(long[] sizes, long[] axes) {
        throw unsupported("fft2");
    }

    @Override
    public NDArray ifft2(long[] sizes, long[] axes) {
        throw unsupported("ifft2");
    }

    @Override
    public NDList unique(Integer dim, boolean sorted, boolean returnInverse, boolean returnCounts) {
        throw unsupported("unique");
    }

    @Override
    public NDArray diagonal() {
        throw unsupported("diagonal");
    }

    @Override
    public NDArray diagonal(int offset) {
        throw unsupported("diagonal");
    }

    @Override
    public NDArray diagonal(int offset, int axis1, int axis2) {
        throw unsupported("diagonal");
    }

    @Override
    public NDArray percentile(Number percentile) {
        throw unsupported("percentile");
    }

    @Override
    public NDArray percentile(Number percentile, int[] axes) {
        throw unsupported("percentile");
    }

    @Override
    public NDArray median() {
        throw unsupported("median");
    }

    @Override
    public NDArray median(int[] axes) {
        throw unsupported("median");
    }

    @Override
    public NDArray toSparse(SparseFormat format) {
        throw unsupported("toSparse");
    }

    @Override
    public NDArray erfinv() {
        throw unsupported("erfinv");
    }

    @Override
    public NDArray erf() {
        throw unsupported("erf");
    }

    @Override
    public NDArray inverse() {
        throw unsupported("inverse");
    }

    @Override
    public NDArray batchDot(NDArray other) {
        throw unsupported("batchDot");
    }

    @Override
    public NDArray complex() {
        throw unsupported("complex");
    }

    @Override
    public NDArray real() {
        throw unsupported("real");
    }

    @Override
    public NDArray conj() {
        throw unsupported("conj");
    }

    @Override
    public NDArray diff(int n, int dim) {
        throw unsupported("diff");
    }
}
