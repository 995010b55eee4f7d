/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.Device;
import ai.djl.ndarray.BaseNDManager;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.util.PairList;
import java.nio.Buffer;
import java.nio.charset.Charset;

/** Names what this engine's managers cannot make, where DJL's base would not. */
abstract class UnsupportedNDManager extends BaseNDManager {

    UnsupportedNDManager(NDManager parent, Device device) {
        super(parent, device);
    }

    private static UnsupportedOperationException unsupported(String operation) {
        return new UnsupportedOperationException(
                "OffloadStream NDManager does not support "
                        + operation
                        + "; use another engine's, and from(array) to bring the array here");
    }

    @Override
    public NDArray create(String[] data, Charset charset, Shape shape) {
        throw unsupported("create of strings");
    }

    @Override
    public NDArray createCSR(Buffer data, long[] indptr, long[] indices, Shape shape) {
        throw unsupported("createCSR");
    }

    @Override
    public NDArray createRowSparse(Buffer data, Shape dataShape, long[] indices, Shape shape) {
        throw unsupported("createRowSparse");
    }

    @Override
    public NDArray createCoo(Buffer data, long[][] indices, Shape shape) {
        throw unsupported("createCoo");
    }

    @Override
    public NDArray randomPermutation(long n) {
        throw unsupported("randomPermutation");
    }

    @Override
    public NDArray randomMultinomial(int n, NDArray pValues) {
        throw unsupported("randomMultinomial");
    }

    @Override
    public NDArray randomMultinomial(int n, NDArray pValues, Shape shape) {
        throw unsupported("randomMultinomial");
    }

    @Override
    public NDArray sampleNormal(NDArray mu, NDArray sigma) {
        throw unsupported("sampleNormal");
    }

    @Override
    public NDArray sampleNormal(NDArray mu, NDArray sigma, Shape shape) {
        throw unsupported("sampleNormal");
    }

    @Override
    public NDArray samplePoisson(NDArray lam) {
        throw unsupported("samplePoisson");
    }

    @Override
    public NDArray samplePoisson(NDArray lam, Shape shape) {
        throw unsupported("samplePoisson");
    }

    @Override
    public NDArray sampleGamma(NDArray alpha, NDArray beta) {
        throw unsupported("sampleGamma");
    }

    @Override
    public NDArray sampleGamma(NDArray alpha, NDArray beta, Shape shape) {
        throw unsupported("sampleGamma");
    }

    @Override
    public void invoke(
            String operation, NDArray[] src, NDArray[] dest, PairList<String, ?> params) {
        throw unsupported(operation);
    }

    @Override
    public NDList invoke(String operation, NDList src, PairList<String, ?> params) {
        throw unsupported(operation);
    }
}
