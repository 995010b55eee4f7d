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
 * Mistral: Llama without biases, its attention limited to a sliding window.
 *
 * <p>Source: arXiv:2310.06825; transformers 5.18 modeling_mistral.py.
 */
public final class MistralArchitecture implements Architecture {

    /** The window of a configuration without the key, as the original has it. */
    private static final int DEFAULT_WINDOW = 4096;

    @Override
    public Set<String> names() {
        return Set.of("MistralForCausalLM", "mistral");
    }

    @Override
    public Decoder create(ModelConfig config) {
        LlamaConfig c = LlamaConfig.read(config);
        if (!config.strings("layer_types").isEmpty()) {
            throw config.unsupported(
                    "layer_types", "should be absent: all layers of Mistral have one window");
        }
        LlamaBlock.Biases none = new LlamaBlock.Biases(false, false, false);
        LlamaBlock block = new LlamaBlock(c, none, window(config));
        return new LlamaDecoder(c, Collections.nCopies(c.layers(), block));
    }

    /** Null says that there is no window. */
    private static int window(ModelConfig config) {
        return config.contains("sliding_window") && !config.has("sliding_window")
                ? 0
                : config.count("sliding_window", DEFAULT_WINDOW);
    }
}
