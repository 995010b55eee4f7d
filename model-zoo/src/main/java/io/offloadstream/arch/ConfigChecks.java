/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch;

import io.offloadstream.model.ModelConfig;
import io.offloadstream.platform.Activation;

/** Checks of {@code config.json} that all architectures share. */
final class ConfigChecks {

    /** Far more layers than any model has; a damaged file must not make us build millions. */
    private static final int MOST_LAYERS = 10_000;

    private ConfigChecks() {}

    /** Refuses what would change the weights' meaning. */
    static void refuseQuantized(ModelConfig config) {
        if (config.has("quantization_config")) {
            throw config.unsupported(
                    "quantization_config",
                    "is not supported; weights may be float32, float16 or bfloat16");
        }
    }

    static int layers(ModelConfig config, String key) {
        int layers = config.count(key);
        if (layers > MOST_LAYERS) {
            throw config.unsupported(key, "should be at most " + MOST_LAYERS);
        }
        return layers;
    }

    static Activation activation(ModelConfig config, String key, String absent) {
        try {
            return Activation.of(config.string(key).orElse(absent));
        } catch (IllegalArgumentException e) {
            throw config.unsupported(key, "is not supported: " + e.getMessage());
        }
    }

    /** Heads must share keys evenly, and the widths must fit an int. */
    static AttentionShape attention(ModelConfig config, String kvHeadsKey, AttentionShape shape) {
        if (shape.heads() % shape.kvHeads() != 0) {
            throw config.unsupported(
                    kvHeadsKey, "should divide the " + shape.heads() + " attention heads");
        }
        if ((long) shape.heads() * shape.headDim() > Integer.MAX_VALUE / 4) {
            throw config.unsupported(
                    "num_attention_heads", "is too many for heads of " + shape.headDim());
        }
        return shape;
    }
}
