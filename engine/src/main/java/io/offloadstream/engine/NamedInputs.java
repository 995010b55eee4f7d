/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which array of a request is what. Names win over order: where the arrays have names, their order
 * means nothing; where they have none, it is {@code [input_ids, attention_mask, position_ids]}, or
 * with a cache that of DJL's TextGenerator, {@code [input_ids, position_ids, attention_mask, k0,
 * v0, k1, v1, ...]}.
 *
 * @param ids (batch, tokens)
 * @param mask (batch, past + tokens), or null
 * @param positions (batch, tokens), or null
 * @param past keys and values by layer, keys first; empty if the request has none
 */
record NamedInputs(NDArray ids, NDArray mask, NDArray positions, List<NDArray> past) {

    static final String IDS = "input_ids";
    static final String MASK = "attention_mask";
    static final String POSITIONS = "position_ids";
    static final String PAST_PREFIX = "past_key_values.";

    private static final List<String> PLAIN_ORDER = List.of(IDS, MASK, POSITIONS);
    private static final List<String> CACHE_ORDER = List.of(IDS, POSITIONS, MASK);
    private static final String VALID =
            PLAIN_ORDER + ", and " + PAST_PREFIX + "N.key, " + PAST_PREFIX + "N.value";

    /**
     * Assigns the arrays of a request.
     *
     * @param inputs one array or more
     * @param useCache whether unnamed arrays are in TextGenerator's order
     * @param blockCount layers of the model
     * @return the arrays by role
     * @throws IllegalArgumentException if an array is missing, twice there, unknown or too many
     */
    static NamedInputs of(NDList inputs, boolean useCache, int blockCount) {
        if (inputs.isEmpty()) {
            throw new IllegalArgumentException(
                    "the list of inputs is empty; expected at least " + IDS);
        }
        // TextGenerator derives its other inputs from ids that may have a name: with a cache, only
        // names for all count
        boolean named =
                useCache
                        ? inputs.stream().allMatch(array -> array.getName() != null)
                        : inputs.stream().anyMatch(array -> array.getName() != null);
        Map<String, NDArray> byName =
                named ? byName(inputs, blockCount) : byOrder(inputs, useCache, blockCount);
        NDArray ids = byName.get(IDS);
        if (ids == null) {
            throw new IllegalArgumentException(
                    IDS + " is missing among the inputs " + byName.keySet());
        }
        return new NamedInputs(
                ids, byName.get(MASK), byName.get(POSITIONS), past(byName, blockCount));
    }

    private static Map<String, NDArray> byName(NDList inputs, int blockCount) {
        Map<String, NDArray> byName = new HashMap<>();
        for (NDArray array : inputs) {
            String name = array.getName();
            if (name == null) {
                throw new IllegalArgumentException(
                        "some inputs have names and some have none; name all of them or none");
            }
            if (!PLAIN_ORDER.contains(name) && !isPast(name, blockCount)) {
                throw new IllegalArgumentException(
                        "input "
                                + name
                                + " is not known; valid: "
                                + VALID
                                + " with N below "
                                + blockCount);
            }
            if (byName.put(name, array) != null) {
                throw new IllegalArgumentException("input " + name + " is given twice");
            }
        }
        return byName;
    }

    private static boolean isPast(String name, int blockCount) {
        for (int layer = 0; layer < blockCount; layer++) {
            if (name.equals(key(layer)) || name.equals(value(layer))) {
                return true;
            }
        }
        return false;
    }

    private static Map<String, NDArray> byOrder(NDList inputs, boolean useCache, int blockCount) {
        List<String> order = useCache ? CACHE_ORDER : PLAIN_ORDER;
        int most = useCache ? order.size() + 2 * blockCount : order.size();
        if (inputs.size() > most) {
            throw new IllegalArgumentException(
                    inputs.size()
                            + " inputs without names; at most "
                            + most
                            + " are valid: "
                            + order
                            + (useCache
                                    ? " and keys and values of " + blockCount + " layers"
                                    : "; a CausalLMOutput translator sends keys and values"));
        }
        Map<String, NDArray> byName = new HashMap<>();
        for (int i = 0; i < inputs.size(); i++) {
            int past = i - order.size();
            String name = past < 0 ? order.get(i) : past % 2 == 0 ? key(past / 2) : value(past / 2);
            byName.put(name, inputs.get(i));
        }
        return byName;
    }

    private static List<NDArray> past(Map<String, NDArray> byName, int blockCount) {
        List<NDArray> past = new ArrayList<>();
        for (int layer = 0; layer < blockCount; layer++) {
            for (String name : new String[] {key(layer), value(layer)}) {
                NDArray array = byName.get(name);
                if (array != null) {
                    past.add(array);
                }
            }
        }
        if (!past.isEmpty() && past.size() != 2 * blockCount) {
            throw new IllegalArgumentException(
                    past.size()
                            + " arrays of keys and values; expected none or two for each of "
                            + blockCount
                            + " layers");
        }
        return past;
    }

    private static String key(int layer) {
        return PAST_PREFIX + layer + ".key";
    }

    private static String value(int layer) {
        return PAST_PREFIX + layer + ".value";
    }
}
