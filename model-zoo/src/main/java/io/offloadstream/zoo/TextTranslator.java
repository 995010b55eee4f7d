/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.zoo;

import ai.djl.inference.streaming.StreamingTranslator;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.translate.NoBatchifyTranslator;
import ai.djl.translate.TranslatorContext;
import io.offloadstream.engine.OfsSymbolBlock;
import io.offloadstream.text.ChatMessage;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A prompt in, its completion out; streamed as a {@link TextStream}. */
final class TextTranslator
        implements NoBatchifyTranslator<String, String>, StreamingTranslator<String, String> {

    private final ModelText.ByModel texts;
    private final boolean chat;

    /**
     * Constructs a translator.
     *
     * @param parameters generation parameters that win over the model's own
     * @param chat whether a prompt is a user's message, to be rendered by the chat template
     */
    TextTranslator(Map<String, ?> parameters, boolean chat) {
        this.texts = new ModelText.ByModel(parameters);
        this.chat = chat;
    }

    @Override
    public void prepare(TranslatorContext ctx) {
        texts.of(ctx.getModel());
    }

    @Override
    public NDList processInput(TranslatorContext ctx, String prompt) {
        ModelText text = texts.of(ctx.getModel());
        int[] ids =
                chat ? text.encode(List.of(new ChatMessage("user", prompt))) : text.encode(prompt);
        return begin(ctx, ids, text.complete(ids, Map.of()));
    }

    /** Hands a completion to the block, and its prompt as (1, tokens). */
    static NDList begin(TranslatorContext ctx, int[] promptIds, Completion completion) {
        ctx.setAttachment(OfsSymbolBlock.TOKEN_CHOOSER, completion);
        return new NDList(ctx.getNDManager().create(promptIds, new Shape(1, promptIds.length)));
    }

    /** Returns the completion that {@link #begin} handed to the block. */
    static Completion completion(TranslatorContext ctx) {
        return (Completion) ctx.getAttachment(OfsSymbolBlock.TOKEN_CHOOSER);
    }

    @Override
    public String processOutput(TranslatorContext ctx, NDList list) {
        return completion(ctx).text(list);
    }

    @Override
    public StreamOutput<String> processStreamOutput(TranslatorContext ctx, Stream<NDList> list) {
        return new TextStream(completion(ctx), list);
    }

    @Override
    public Support getSupport() {
        return Support.ITERATIVE;
    }
}
