/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/** Generation parameters by name, of loose types: JSON numbers, strings, flags. */
final class GenerationParameters {

    /** What a request may give, sorted. */
    static final Set<String> NAMES =
            Collections.unmodifiableSet(
                    new TreeSet<>(
                            Set.of(
                                    "max_new_tokens",
                                    "do_sample",
                                    "temperature",
                                    "top_k",
                                    "top_p",
                                    "min_p",
                                    "repetition_penalty",
                                    "seed",
                                    "stop",
                                    "stop_sequences")));

    /** Giving one of these asks for a draw. */
    private static final List<String> SAMPLING = List.of("temperature", "top_k", "top_p", "min_p");

    private final Map<String, ?> values;

    GenerationParameters(Map<String, ?> values) {
        for (String name : values.keySet()) {
            if (!NAMES.contains(name)) {
                throw new IllegalArgumentException(
                        "unknown generation parameter \"" + name + "\"; valid are " + NAMES);
            }
        }
        this.values = values;
    }

    GenerationConfig over(GenerationConfig base) {
        boolean asksForDraw = SAMPLING.stream().anyMatch(name -> values.get(name) != null);
        return new GenerationConfig(
                Math.toIntExact(integer("max_new_tokens", base.maxNewTokens(), INT_MAX)),
                flag("do_sample", base.doSample() || asksForDraw),
                number("temperature", base.temperature()),
                Math.toIntExact(integer("top_k", base.topK(), INT_MAX)),
                number("top_p", base.topP()),
                number("min_p", base.minP()),
                number("repetition_penalty", base.repetitionPenalty()),
                seed(base.seed()),
                stops(base.stop()),
                base.eosTokenIds());
    }

    private static final long INT_MAX = Integer.MAX_VALUE;

    private OptionalLong seed(OptionalLong absent) {
        return values.get("seed") == null
                ? absent
                : OptionalLong.of(integer("seed", 0, Long.MAX_VALUE));
    }

    private long integer(String name, long absent, long max) {
        if (values.get(name) == null) {
            return absent;
        }
        try {
            long value = decimal(name).longValueExact();
            if (value <= max && value >= -max) {
                return value;
            }
        } catch (ArithmeticException e) {
            // a fraction, or past 64 bits: refused below
        }
        throw invalid(name, "an integer of at most " + max);
    }

    private double number(String name, double absent) {
        return values.get(name) == null ? absent : decimal(name).doubleValue();
    }

    private BigDecimal decimal(String name) {
        Object value = values.get(name);
        if (value instanceof Number || value instanceof String) {
            try {
                return new BigDecimal(value.toString().strip());
            } catch (NumberFormatException e) {
                // not a number, or NaN or infinite: refused below
            }
        }
        throw invalid(name, "a number");
    }

    private boolean flag(String name, boolean absent) {
        Object value = values.get(name);
        if (value == null) {
            return absent;
        }
        if (value instanceof Boolean b) {
            return b;
        }
        if (value instanceof String string) {
            String word = string.strip().toLowerCase(Locale.ROOT);
            if (word.equals("true") || word.equals("false")) {
                return word.equals("true");
            }
        }
        throw invalid(name, "true or false");
    }

    private List<String> stops(List<String> absent) {
        if (values.get("stop") == null && values.get("stop_sequences") == null) {
            return absent;
        }
        List<String> stops = new ArrayList<>();
        for (String name : List.of("stop", "stop_sequences")) {
            Object value = values.get(name);
            for (Object stop : value instanceof List ? (List<?>) value : listOf(value)) {
                if (!(stop instanceof String string) || string.isEmpty()) {
                    throw invalid(name, "a string or a list of strings, none of them empty");
                }
                stops.add(string);
            }
        }
        return stops;
    }

    private static List<?> listOf(Object value) {
        return value == null ? List.of() : List.of(value);
    }

    private IllegalArgumentException invalid(String name, String valid) {
        return new IllegalArgumentException(
                "generation parameter " + name + " is " + values.get(name) + "; valid is " + valid);
    }
}
