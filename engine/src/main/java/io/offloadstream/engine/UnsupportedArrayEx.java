/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.internal.NDArrayEx;
import ai.djl.ndarray.types.Shape;
import ai.djl.ndarray.types.SparseFormat;
import ai.djl.nn.recurrent.RNN;
import java.util.List;

/** Names the operations of {@link NDArrayEx} that these arrays do not have. */
abstract class UnsupportedArrayEx implements NDArrayEx {

    @Override
    public NDArray maxPool(Shape kernelShape, Shape stride, Shape padding, boolean ceilMode) {
        throw UnsupportedArray.unsupported("maxPool");
    }

    @Override
    public NDArray globalMaxPool() {
        throw UnsupportedArray.unsupported("globalMaxPool");
    }

    @Override
    public NDArray avgPool(
            Shape kernelShape,
            Shape stride,
            Shape padding,
            boolean ceilMode,
            boolean countIncludePad) {
        throw UnsupportedArray.unsupported("avgPool");
    }

    @Override
    public NDArray globalAvgPool() {
        throw UnsupportedArray.unsupported("globalAvgPool");
    }

    @Override
    public NDArray lpPool(
            float normType, Shape kernelShape, Shape stride, Shape padding, boolean ceilMode) {
        throw UnsupportedArray.unsupported("lpPool");
    }

    @Override
    public NDArray globalLpPool(float normType) {
        throw UnsupportedArray.unsupported("globalLpPool");
    }

    @Override
    public void adadeltaUpdate(
            NDList inputs,
            NDList weights,
            float weightDecay,
            float rescaleGrad,
            float clipGrad,
            float rho,
            float epsilon) {
        throw UnsupportedArray.unsupported("adadeltaUpdate");
    }

    @Override
    public void adagradUpdate(
            NDList inputs,
            NDList weights,
            float learningRate,
            float weightDecay,
            float rescaleGrad,
            float clipGrad,
            float epsilon) {
        throw UnsupportedArray.unsupported("adagradUpdate");
    }

    @Override
    public void adamUpdate(
            NDList inputs,
            NDList weights,
            float learningRate,
            float learningRateBiasCorrection,
            float weightDecay,
            float rescaleGrad,
            float clipGrad,
            float beta1,
            float beta2,
            float epsilon,
            boolean lazyUpdate,
            boolean adamw) {
        throw UnsupportedArray.unsupported("adamUpdate");
    }

    @Override
    public void nagUpdate(
            NDList inputs,
            NDList weights,
            float learningRate,
            float weightDecay,
            float rescaleGrad,
            float clipGrad,
            float momentum) {
        throw UnsupportedArray.unsupported("nagUpdate");
    }

    @Override
    public void rmspropUpdate(
            NDList inputs,
            NDList weights,
            float learningRate,
            float weightDecay,
            float rescaleGrad,
            float clipGrad,
            float rho,
            float momentum,
            float epsilon,
            boolean centered) {
        throw UnsupportedArray.unsupported("rmspropUpdate");
    }

    @Override
    public void sgdUpdate(
            NDList inputs,
            NDList weights,
            float learningRate,
            float weightDecay,
            float rescaleGrad,
            float clipGrad,
            float momentum,
            boolean lazyUpdate) {
        throw UnsupportedArray.unsupported("sgdUpdate");
    }

    @Override
    public NDList convolution(
            NDArray input,
            NDArray weight,
            NDArray bias,
            Shape stride,
            Shape padding,
            Shape dilation,
            int groups) {
        throw UnsupportedArray.unsupported("convolution");
    }

    @Override
    public NDList deconvolution(
            NDArray input,
            NDArray weight,
            NDArray bias,
            Shape stride,
            Shape padding,
            Shape outPadding,
            Shape dilation,
            int groups) {
        throw UnsupportedArray.unsupported("deconvolution");
    }

    @Override
    public NDList linear(NDArray input, NDArray weight, NDArray bias) {
        throw UnsupportedArray.unsupported("linear");
    }

    @Override
    public NDList embedding(NDArray input, NDArray weight, SparseFormat sparse) {
        throw UnsupportedArray.unsupported("embedding");
    }

    @Override
    public NDList prelu(NDArray input, NDArray alpha) {
        throw UnsupportedArray.unsupported("prelu");
    }

    @Override
    public NDList dropout(NDArray input, float rate, boolean training) {
        throw UnsupportedArray.unsupported("dropout");
    }

    @Override
    public NDList layerNorm(
            NDArray input, Shape normalizedShape, NDArray gamma, NDArray beta, float eps) {
        throw UnsupportedArray.unsupported("layerNorm");
    }

    @Override
    public NDList batchNorm(
            NDArray input,
            NDArray runningMean,
            NDArray runningVar,
            NDArray gamma,
            NDArray beta,
            int axis,
            float momentum,
            float eps,
            boolean training) {
        throw UnsupportedArray.unsupported("batchNorm");
    }

    @Override
    public NDList rnn(
            NDArray input,
            NDArray state,
            NDList params,
            boolean hasBiases,
            int numLayers,
            RNN.Activation activation,
            double dropRate,
            boolean training,
            boolean bidirectional,
            boolean batchFirst) {
        throw UnsupportedArray.unsupported("rnn");
    }

    @Override
    public NDList gru(
            NDArray input,
            NDArray state,
            NDList params,
            boolean hasBiases,
            int numLayers,
            double dropRate,
            boolean training,
            boolean bidirectional,
            boolean batchFirst) {
        throw UnsupportedArray.unsupported("gru");
    }

    @Override
    public NDList lstm(
            NDArray input,
            NDList states,
            NDList params,
            boolean hasBiases,
            int numLayers,
            double dropRate,
            boolean training,
            boolean bidirectional,
            boolean batchFirst) {
        throw UnsupportedArray.unsupported("lstm");
    }

    @Override
    public NDArray interpolation(long[] size, int mode, boolean alignCorners) {
        throw UnsupportedArray.unsupported("interpolation");
    }

    @Override
    public NDArray resize(int width, int height, int interpolation) {
        throw UnsupportedArray.unsupported("resize");
    }

    @Override
    public NDArray randomFlipLeftRight() {
        throw UnsupportedArray.unsupported("randomFlipLeftRight");
    }

    @Override
    public NDArray randomFlipTopBottom() {
        throw UnsupportedArray.unsupported("randomFlipTopBottom");
    }

    @Override
    public NDArray randomBrightness(float brightness) {
        throw UnsupportedArray.unsupported("randomBrightness");
    }

    @Override
    public NDArray randomHue(float hue) {
        throw UnsupportedArray.unsupported("randomHue");
    }

    @Override
    public NDArray randomColorJitter(
            float brightness, float contrast, float saturation, float hue) {
        throw UnsupportedArray.unsupported("randomColorJitter");
    }

    @Override
    public NDList multiBoxTarget(
            NDList inputs,
            float iouThreshold,
            float ignoreLabel,
            float negativeMiningRatio,
            float negativeMiningThreshold,
            int minNegativeSamples) {
        throw UnsupportedArray.unsupported("multiBoxTarget");
    }

    @Override
    public NDList multiBoxPrior(
            List<Float> sizes,
            List<Float> ratios,
            List<Float> steps,
            List<Float> offsets,
            boolean clip) {
        throw UnsupportedArray.unsupported("multiBoxPrior");
    }

    @Override
    public NDList multiBoxDetection(
            NDList inputs,
            boolean clip,
            float threshold,
            int backgroundId,
            float nmsThreshold,
            boolean forceSuppress,
            int nmsTopK) {
        throw UnsupportedArray.unsupported("multiBoxDetection");
    }

    @Override
    public NDArray gelu() {
        throw UnsupportedArray.unsupported("gelu");
    }

    @Override
    public NDArray selu() {
        throw UnsupportedArray.unsupported("selu");
    }
}
