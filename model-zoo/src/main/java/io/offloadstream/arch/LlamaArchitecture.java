/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch;

import io.offloadstream.model.Architecture;
import io.offloadstream.model.Decoder;
import io.offloadstream.model.ModelConfig;
import java.util.Collections;
import java.util.Set;

/**
 * Llama 1 to 3.x.
 *
 * <p>Source: arXiv:2302.13971, arXiv:2407.21783; transformers 5.18 configuration_llama.py.
 */
public final class LlamaArchitecture implements Architecture {

    @Override
    public Set<String> names() {
        return Set.of("LlamaForCausalLM", "llama");
    }

    @Override
    public Decoder create(ModelConfig config) {
        if (config.integer("pretraining_tp", 1) != 1) {
            throw config.unsupported(
                    "pretraining_tp", "should be 1: products in slices are not supported");
        }
        LlamaConfig c = LlamaConfig.read(config);
        boolean attentionBias = config.flag("attention_bias", false);
        LlamaBlock.Biases biases =
                new LlamaBlock.Biases(attentionBias, attentionBias, config.flag("mlp_bias", false));
        LlamaBlock block = new LlamaBlock(c, biases, 0);
        return new LlamaDecoder(c, Collections.nCopies(c.layers(), block));
    }
}
