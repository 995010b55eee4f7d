/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.ops.Tensor;
import java.util.Set;

/** The tensors of one layer by full name, valid while its layer function runs. */
public interface LayerWeights {

    /**
     * Returns a tensor.
     *
     * @param name its full name in the checkpoint, for example {@code h.3.mlp.weight}
     * @return the tensor in place
     * @throws IllegalArgumentException if the layer has none of that name; the message lists those
     *     it has
     */
    Tensor get(String name);

    /**
     * Returns what there is.
     *
     * @return full names
     */
    Set<String> names();
}
