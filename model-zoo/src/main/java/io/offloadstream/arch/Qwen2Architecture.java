/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch;

import io.offloadstream.model.Architecture;
import io.offloadstream.model.Decoder;
import io.offloadstream.model.ModelConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Qwen2 and Qwen2.5: Llama with biases on queries, keys and values, and a sliding window in some
 * layers if the configuration says so.
 *
 * <p>Source: arXiv:2407.10671; transformers 5.18 modeling_qwen2.py, configuration_qwen2.py.
 */
public final class Qwen2Architecture implements Architecture {

    /** Values of a configuration without the keys, as the original has them. */
    private static final int DEFAULT_WINDOW = 4096;

    private static final int DEFAULT_MAX_WINDOW_LAYERS = 28;

    @Override
    public Set<String> names() {
        return Set.of("Qwen2ForCausalLM", "qwen2");
    }

    @Override
    public Decoder create(ModelConfig config) {
        LlamaConfig c = LlamaConfig.read(config);
        LlamaBlock.Biases biases = new LlamaBlock.Biases(true, false, false);
        LlamaBlock full = new LlamaBlock(c, biases, 0);
        LlamaBlock sliding = new LlamaBlock(c, biases, window(config));
        List<LlamaBlock> blocks = new ArrayList<>();
        for (boolean slides : slidingLayers(config, c.layers())) {
            blocks.add(slides ? sliding : full);
        }
        return new LlamaDecoder(c, blocks);
    }

    /** 0, which is no window, where windows are off or null. */
    private static int window(ModelConfig config) {
        boolean off =
                !config.flag("use_sliding_window", false)
                        || (config.contains("sliding_window") && !config.has("sliding_window"));
        return off ? 0 : config.count("sliding_window", DEFAULT_WINDOW);
    }

    /** By {@code layer_types} where it is there, otherwise from a certain layer on. */
    private static List<Boolean> slidingLayers(ModelConfig config, int layers) {
        List<String> types = config.strings("layer_types");
        int firstSliding = config.integer("max_window_layers", DEFAULT_MAX_WINDOW_LAYERS);
        if (config.has("layer_types") && types.size() != layers) {
            throw config.unsupported("layer_types", "should have num_hidden_layers=" + layers);
        }
        List<Boolean> sliding = new ArrayList<>();
        for (int layer = 0; layer < layers; layer++) {
            if (types.isEmpty()) {
                sliding.add(layer >= firstSliding);
            } else {
                switch (types.get(layer)) {
                    case "full_attention" -> sliding.add(false);
                    case "sliding_attention" -> sliding.add(true);
                    default ->
                            throw config.unsupported(
                                    "layer_types",
                                    "has an unknown type; known: full_attention,"
                                            + " sliding_attention");
                }
            }
        }
        return sliding;
    }
}
