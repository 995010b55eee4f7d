/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch.rope;

import io.offloadstream.model.ModelConfig;
import io.offloadstream.model.Rope;

/**
 * Reads the rotary position embedding of a configuration, in both spellings.
 *
 * <p>Source: transformers 5.18 modeling_rope_utils.py, {@code RotaryEmbeddingConfigMixin}.
 *
 * @param rope frequencies and their scaling
 * @param maxPositions the longest sequence that the model was made for, once scaled
 */
public record RopeConfig(Rope rope, int maxPositions) {

    private static final String SUPPORTED =
            "is not supported; supported: default, linear, dynamic, llama3, yarn";

    /** What a configuration without {@code rope_theta} means. */
    private static final double DEFAULT_THETA = 10_000;

    /**
     * Reads the rope of a model that rotates whole heads.
     *
     * @param config the parsed {@code config.json}
     * @param headDim values in a head
     * @return the rope
     * @throws io.offloadstream.checkpoint.CheckpointException if a value is missing or not
     *     supported
     */
    public static RopeConfig read(ModelConfig config, int headDim) {
        ModelConfig rope = config.ropeParameters();
        int positions = config.count("max_position_embeddings");
        refuseUnsupported(config, rope, headDim);
        double theta =
                rope.has("rope_theta")
                        ? atLeastOne(rope, "rope_theta")
                        : config.has("rope_theta")
                                ? atLeastOne(config, "rope_theta")
                                : DEFAULT_THETA;
        float[] frequencies = Frequencies.base((float) theta, headDim);
        String typeKey = typeKey(rope);
        return switch (rope.string(typeKey).orElse("default")) {
            case "default" -> new RopeConfig(new FixedRope(frequencies, 1), positions);
            case "linear" -> {
                double factor = atLeastOne(rope, "factor");
                float[] scaled = LinearScaling.apply(frequencies, factor);
                yield new RopeConfig(new FixedRope(scaled, 1), positions);
            }
            case "dynamic" -> {
                double factor = atLeastOne(rope, "factor");
                Rope dynamic = new DynamicRope(theta, headDim, factor, positions);
                yield new RopeConfig(dynamic, stretched(positions, factor));
            }
            case "llama3" -> {
                float[] scaled = llama3(rope, originalPositions(config, rope)).apply(frequencies);
                yield new RopeConfig(new FixedRope(scaled, 1), positions);
            }
            case "yarn" -> yarn(config, rope, theta, headDim);
            default -> throw rope.unsupported(typeKey, SUPPORTED);
        };
    }

    private static String typeKey(ModelConfig rope) {
        return rope.has("rope_type") ? "rope_type" : "type";
    }

    private static void refuseUnsupported(ModelConfig config, ModelConfig rope, int headDim) {
        if (headDim % 2 != 0 || headDim < 4) {
            throw config.unsupported(
                    "head_dim",
                    "gives heads of " + headDim + "; rope needs even heads of 4 or more");
        }
        for (String key : rope.objectKeys()) {
            throw rope.unsupported(
                    key, "should not be an object: one rope for all layers is supported");
        }
        for (ModelConfig place : new ModelConfig[] {config, rope}) {
            if (place.number("partial_rotary_factor", 1) != 1) {
                throw place.unsupported("partial_rotary_factor", "should be 1 or absent");
            }
        }
    }

    private static Llama3Scaling llama3(ModelConfig rope, int originalPositions) {
        double low = positive(rope, "low_freq_factor");
        double high = positive(rope, "high_freq_factor");
        if (high <= low) {
            throw rope.unsupported(
                    "high_freq_factor", "should be more than low_freq_factor, " + low);
        }
        return new Llama3Scaling(atLeastOne(rope, "factor"), low, high, originalPositions);
    }

    private static RopeConfig yarn(
            ModelConfig config, ModelConfig rope, double theta, int headDim) {
        int positions = config.count("max_position_embeddings");
        int original = originalPositions(config, rope);
        if (theta == 1) {
            throw rope.unsupported("rope_theta", "should be more than 1 for yarn");
        }
        double factor =
                rope.has("factor") ? atLeastOne(rope, "factor") : (double) positions / original;
        double betaFast = orDefault(rope, "beta_fast", 32);
        double betaSlow = orDefault(rope, "beta_slow", 1);
        if (betaFast < betaSlow) {
            throw rope.unsupported("beta_fast", "should be at least beta_slow, " + betaSlow);
        }
        YarnScaling scaling =
                new YarnScaling(factor, betaFast, betaSlow, rope.flag("truncate", true), original);
        Rope yarn =
                new FixedRope(
                        scaling.frequencies(theta, headDim), (float) attentionFactor(rope, factor));
        return new RopeConfig(yarn, Math.max(positions, stretched(original, factor)));
    }

    private static double attentionFactor(ModelConfig rope, double factor) {
        if (rope.has("attention_factor")) {
            return positive(rope, "attention_factor");
        }
        double mscale = rope.number("mscale", 0);
        double mscaleAllDim = rope.number("mscale_all_dim", 0);
        if (mscale != 0 && mscaleAllDim != 0) {
            return YarnScaling.attentionFactor(factor, mscale)
                    / YarnScaling.attentionFactor(factor, mscaleAllDim);
        }
        return YarnScaling.attentionFactor(factor, 1);
    }

    /** The length before scaling: a key beside the parameters comes before one among them. */
    private static int originalPositions(ModelConfig config, ModelConfig rope) {
        String key = "original_max_position_embeddings";
        return config.has(key)
                ? config.count(key)
                : rope.count(key, config.count("max_position_embeddings"));
    }

    private static int stretched(int positions, double factor) {
        return (int) Math.min(Integer.MAX_VALUE, positions * factor);
    }

    /** Zero means the default too, as {@code or} has it in the original. */
    private static double orDefault(ModelConfig rope, String key, double absent) {
        return rope.number(key, 0) == 0 ? absent : positive(rope, key);
    }

    private static double positive(ModelConfig config, String key) {
        double value = config.number(key);
        if (value <= 0) {
            throw config.unsupported(key, "should be more than 0");
        }
        return value;
    }

    private static double atLeastOne(ModelConfig config, String key) {
        double value = config.number(key);
        if (value < 1) {
            throw config.unsupported(key, "should be at least 1");
        }
        return value;
    }
}
