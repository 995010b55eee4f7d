/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.zoo;

import ai.djl.modality.nlp.generate.CausalLMOutput;
import ai.djl.ndarray.NDList;
import ai.djl.translate.NoBatchifyTranslator;
import ai.djl.translate.TranslatorContext;
import io.offloadstream.engine.OfsSymbolBlock;

/**
 * What DJL's TextGenerator needs: inputs {@code [input_ids, position_ids, attention_mask of past
 * and current, k0, v0, ...]}, outputs logits, last hidden state and the longer keys and values.
 */
final class CausalLMTranslator implements NoBatchifyTranslator<NDList, CausalLMOutput> {

    @Override
    public NDList processInput(TranslatorContext ctx, NDList input) {
        ctx.setAttachment(OfsSymbolBlock.USE_CACHE, true);
        return input;
    }

    @Override
    public CausalLMOutput processOutput(TranslatorContext ctx, NDList list) {
        return new CausalLMOutput(list.get(0), list.get(1), list.subNDList(2));
    }
}
