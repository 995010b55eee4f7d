/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

/**
 * What a layer does.
 *
 * @param <X> what passes from layer to layer
 */
@FunctionalInterface
public interface LayerFunction<X> {

    /**
     * Runs a layer.
     *
     * @param x what the layer before returned
     * @param weights the layer's tensors, valid until this returns
     * @param index the layer's number, as in its names
     * @return what the next layer takes
     */
    X apply(X x, LayerWeights weights, int index);
}
