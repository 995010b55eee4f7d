/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What one case of the benchmark measured: {@code name=value} lines. Immutable. */
final class BenchResult {

    private final Map<String, String> values;

    BenchResult(Map<String, String> values) {
        this.values = new TreeMap<>(values);
    }

    /** Parses lines; those without a {@code =} are no values. */
    static BenchResult parse(Iterable<String> lines) {
        Map<String, String> values = new TreeMap<>();
        for (String line : lines) {
            int at = line.indexOf('=');
            if (at > 0) {
                values.put(line.substring(0, at), line.substring(at + 1));
            }
        }
        return new BenchResult(values);
    }

    boolean has(String name) {
        return values.containsKey(name);
    }

    String text(String name) {
        String value = values.get(name);
        if (value == null) {
            throw new IllegalStateException("the case did not report " + name + ": " + values);
        }
        return value;
    }

    long number(String name) {
        return Long.parseLong(text(name));
    }

    double decimal(String name) {
        return Double.parseDouble(text(name));
    }

    /** Values with commas between them, none where there is nothing. */
    List<Double> decimals(String name) {
        String text = text(name);
        return text.isEmpty()
                ? List.of()
                : Arrays.stream(text.split(",")).map(Double::valueOf).toList();
    }
}
