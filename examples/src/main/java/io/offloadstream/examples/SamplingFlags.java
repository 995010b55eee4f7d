/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** Generation parameters as flags. Those that are not given stay as the model's makers set them. */
final class SamplingFlags {

    @Option(
            names = "--max-tokens",
            paramLabel = "N",
            description = "Most tokens to make. Default: 256.")
    private Integer maxTokens;

    @Option(
            names = "--temperature",
            paramLabel = "X",
            description = "Spread of the draw; 0 always takes the likeliest token.")
    private Double temperature;

    @Option(names = "--top-k", paramLabel = "N", description = "Draw from the N likeliest tokens.")
    private Integer topK;

    @Option(
            names = "--top-p",
            paramLabel = "X",
            description = "Draw from the likeliest tokens that hold this much probability.")
    private Double topP;

    @Option(
            names = "--min-p",
            paramLabel = "X",
            description = "Leave out tokens below this share of the likeliest one's probability.")
    private Double minP;

    @Option(
            names = "--repetition-penalty",
            paramLabel = "X",
            description = "Above 1, tokens that were there already become less likely.")
    private Double repetitionPenalty;

    @Option(names = "--seed", paramLabel = "N", description = "Makes the draw repeatable.")
    private Long seed;

    @Option(names = "--stop", paramLabel = "TEXT", description = "Ends the text; may be repeated.")
    private List<String> stop;

    /** Returns the flags that were given, by the names of generation parameters. */
    Map<String, Object> values() {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("max_new_tokens", maxTokens);
        values.put("temperature", temperature);
        values.put("top_k", topK);
        values.put("top_p", topP);
        values.put("min_p", minP);
        values.put("repetition_penalty", repetitionPenalty);
        values.put("seed", seed);
        values.put("stop", stop);
        values.values().removeIf(value -> value == null);
        return values;
    }
}
