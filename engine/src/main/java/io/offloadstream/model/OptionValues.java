/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** The given options by name, checked as they are read. */
final class OptionValues {

    /** DJL adds this one to the options of every model itself. */
    private static final String DJL_MODEL_NAME = "modelName";

    private final Map<String, String> valid;
    private final Map<String, String> texts = new HashMap<>();

    /**
     * Takes options.
     *
     * @param options values by name
     * @param valid what is valid, by name
     * @throws IllegalArgumentException for a name that is not
     */
    OptionValues(Map<String, ?> options, Map<String, String> valid) {
        this.valid = valid;
        for (Map.Entry<String, ?> entry : options.entrySet()) {
            String name = entry.getKey();
            if (valid.containsKey(name)) {
                texts.put(name, String.valueOf(entry.getValue()).trim());
            } else if (!name.equals(DJL_MODEL_NAME)) {
                throw new IllegalArgumentException(
                        "option "
                                + name
                                + " is not known or not built yet; valid: "
                                + new TreeSet<>(valid.keySet()));
            }
        }
    }

    /** Names of the options that were given. */
    Set<String> given() {
        return texts.keySet();
    }

    /** The value as given, null if it was not. */
    String text(String name) {
        return texts.get(name);
    }

    /** Returns the value in upper case, the first of the valid ones if not given. */
    String oneOf(String name, String... choices) {
        String text = texts.getOrDefault(name, choices[0]);
        if (!List.of(choices).contains(text.toLowerCase(Locale.ROOT))) {
            throw new IllegalArgumentException(
                    name
                            + "="
                            + text
                            + " is not known or not built yet; valid: "
                            + Arrays.toString(choices));
        }
        return text.toUpperCase(Locale.ROOT);
    }

    /** A number within bounds; what is given for none is lowered to the most. */
    int integer(String name, int least, int most, int absent) {
        int value = integer(name, least, Math.min(absent, most));
        if (value > most) {
            throw new IllegalArgumentException(
                    name + "=" + value + " is too large; valid: " + valid.get(name));
        }
        return value;
    }

    /** A number that is not too small. */
    int integer(String name, int least, int absent) {
        String text = texts.get(name);
        if (text == null) {
            return absent;
        }
        try {
            int value = Integer.parseInt(text);
            if (value >= least) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(
                    name + "=" + text + " is no number; valid: " + valid.get(name), e);
        }
        throw new IllegalArgumentException(
                name + "=" + text + " is too small; valid: " + valid.get(name));
    }
}
