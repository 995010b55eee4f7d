/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import java.util.Set;

/**
 * A kind of model: from its configuration to its blocks. Found by {@link java.util.ServiceLoader},
 * so that one can be added from outside. Implementations have a public no-argument constructor.
 */
public interface Architecture {

    /**
     * Returns what it is known by in {@code config.json}.
     *
     * @return values of {@code architectures} and of {@code model_type}, for example {@code
     *     LlamaForCausalLM} and {@code llama}
     */
    Set<String> names();

    /**
     * Builds the model of a configuration. Reads no weights.
     *
     * @param config the parsed {@code config.json}
     * @return the decoder
     * @throws io.offloadstream.checkpoint.CheckpointException if a value is missing or not
     *     supported; the message names it
     */
    Decoder create(ModelConfig config);
}
