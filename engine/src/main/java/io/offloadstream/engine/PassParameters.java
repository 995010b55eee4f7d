/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.translate.TranslatorContext;
import ai.djl.util.PairList;
import io.offloadstream.model.TokenChooser;

/**
 * What {@link OfsSymbolBlock} reads from the {@code params} of {@code Block.forward}, typed.
 *
 * @param chooser decides the next token, null if the caller named none
 * @param useCache whether inputs and outputs are those of DJL's CausalLMOutput
 * @param scope what the predictor has running, null for a block that is used without ours
 */
record PassParameters(TokenChooser chooser, boolean useCache, SessionScope scope) {

    /** The key of the {@link SessionScope}. */
    private static final String SCOPE = "ofsSessionScope";

    /**
     * Reads the parameters of a call.
     *
     * @param params as DJL passes them, null for none
     * @return the ones that the block knows
     * @throws IllegalArgumentException if a value has the wrong type
     */
    static PassParameters of(PairList<String, Object> params) {
        if (params == null) {
            return new PassParameters(null, false, null);
        }
        Boolean useCache = value(params, OfsSymbolBlock.USE_CACHE, Boolean.class);
        return new PassParameters(
                value(params, OfsSymbolBlock.TOKEN_CHOOSER, TokenChooser.class),
                useCache != null && useCache,
                value(params, SCOPE, SessionScope.class));
    }

    /**
     * Makes the parameters of a predictor's call.
     *
     * @param context attachments of the translator
     * @param scope what the predictor has running
     * @return parameters for {@code Block.forward}
     */
    static PairList<String, Object> of(TranslatorContext context, SessionScope scope) {
        PairList<String, Object> params = new PairList<>();
        params.add(SCOPE, scope);
        for (String key : new String[] {OfsSymbolBlock.TOKEN_CHOOSER, OfsSymbolBlock.USE_CACHE}) {
            Object value = context.getAttachment(key);
            if (value != null) {
                params.add(key, value);
            }
        }
        return params;
    }

    private static <T> T value(PairList<String, Object> params, String key, Class<T> type) {
        Object value = params.get(key);
        if (value != null && !type.isInstance(value)) {
            throw new IllegalArgumentException(
                    "parameter "
                            + key
                            + " is a "
                            + value.getClass().getName()
                            + ", expected a "
                            + type.getName());
        }
        return type.cast(value);
    }
}
