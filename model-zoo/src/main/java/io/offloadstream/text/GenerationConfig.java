/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;

/**
 * How text is generated. Names and meanings are those of transformers' GenerationConfig. Immutable.
 *
 * @param maxNewTokens how many tokens are generated at most, at least 1
 * @param doSample false for greedy search, true for drawing
 * @param temperature scores are divided by it; 0 means greedy search
 * @param topK how many of the best tokens are kept, with those equal to the last; 0 for all
 * @param topP the least probability that the kept tokens have together, in (0, 1]; 1 for all
 * @param minP a token is kept if its probability is at least this share of the best one's; 0 for
 *     all
 * @param repetitionPenalty what scores of tokens that have occurred are divided by (multiplied by,
 *     where negative); 1 for none
 * @param seed of the draws; empty for a new one each time
 * @param stop strings that end the text, none of them empty
 * @param eosTokenIds tokens that end the text
 */
public record GenerationConfig(
        int maxNewTokens,
        boolean doSample,
        double temperature,
        int topK,
        double topP,
        double minP,
        double repetitionPenalty,
        OptionalLong seed,
        List<String> stop,
        List<Integer> eosTokenIds) {

    /** What transformers does where nothing is said, save the number of tokens, which is ours. */
    public static final GenerationConfig DEFAULT =
            new GenerationConfig(
                    256, false, 1.0, 50, 1.0, 0.0, 1.0, OptionalLong.empty(), List.of(), List.of());

    /**
     * Checks and copies the values.
     *
     * @throws IllegalArgumentException if a value is out of its range
     */
    public GenerationConfig {
        check(maxNewTokens >= 1, "max_new_tokens", maxNewTokens, "at least 1");
        check(temperature >= 0 && temperature < 1e6, "temperature", temperature, "0 to 1e6");
        check(topK >= 0, "top_k", topK, "at least 0 (0 keeps all)");
        check(topP > 0 && topP <= 1, "top_p", topP, "above 0, at most 1");
        check(minP >= 0 && minP <= 1, "min_p", minP, "0 to 1");
        check(
                repetitionPenalty > 0 && repetitionPenalty < 1e6,
                "repetition_penalty",
                repetitionPenalty,
                "above 0, below 1e6");
        stop = List.copyOf(stop);
        for (String text : stop) {
            check(!text.isEmpty(), "stop", "\"\"", "strings that are not empty");
        }
        eosTokenIds = List.copyOf(eosTokenIds);
    }

    /**
     * Reads what a model's makers recommend: {@code generation_config.json}, if there. EOS tokens
     * that it does not name come from {@code config.json}. {@code max_length} is passed over, for
     * it counts the prompt too.
     *
     * @param directory the model directory
     * @return the configuration; greedy where the file is missing
     * @throws io.offloadstream.checkpoint.CheckpointException if a file is damaged or a value out
     *     of its range
     */
    public static GenerationConfig read(Path directory) {
        return GenerationFiles.read(directory);
    }

    /**
     * Returns a copy with the parameters of a request: {@code max_new_tokens}, {@code do_sample},
     * {@code temperature}, {@code top_k}, {@code top_p}, {@code min_p}, {@code repetition_penalty},
     * {@code seed}, {@code stop} or {@code stop_sequences} (a string or a list; adds up). Numbers
     * and flags may be strings.
     *
     * <p>As in text-generation-inference, a request that gives temperature, top_k, top_p or min_p
     * wants to draw, unless it says do_sample itself; temperature 0 is greedy search in any case. A
     * seed alone changes nothing.
     *
     * @param parameters values by name; null for none; a null value counts as not given
     * @return the copy
     * @throws IllegalArgumentException for an unknown name or a bad value; the message lists the
     *     valid ones
     */
    public GenerationConfig with(Map<String, ?> parameters) {
        return parameters == null ? this : new GenerationParameters(parameters).over(this);
    }

    /**
     * Returns the names that {@link #with} takes.
     *
     * @return names, sorted
     */
    public static Set<String> parameterNames() {
        return GenerationParameters.NAMES;
    }

    /**
     * Tells whether the best token is always taken.
     *
     * @return true without sampling, or at temperature 0
     */
    public boolean isGreedy() {
        return !doSample || temperature == 0;
    }

    private static void check(boolean valid, String name, Object value, String range) {
        if (!valid) {
            throw new IllegalArgumentException(name + " is " + value + "; valid is " + range);
        }
    }
}
