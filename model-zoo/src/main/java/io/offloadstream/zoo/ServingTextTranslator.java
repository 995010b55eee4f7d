/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.zoo;

import ai.djl.inference.streaming.StreamingTranslator;
import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.ndarray.NDList;
import ai.djl.translate.NoBatchifyTranslator;
import ai.djl.translate.TranslatorContext;
import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Text generation behind DJL Serving: {@link ServingRequest} says what comes in. A plain request is
 * answered by plain text, a JSON request by {@code {"generated_text": "..."}}.
 *
 * <p>Source: DJL Serving's LMI handlers, inference API schema.
 */
final class ServingTextTranslator
        implements NoBatchifyTranslator<Input, Output>, StreamingTranslator<Input, Output> {

    /** Content type of plain answers. */
    static final String TEXT = "text/plain; charset=utf-8";

    private static final String REQUEST = "servingRequest";
    private static final Gson GSON = new Gson();

    private final ModelText.ByModel texts;

    /**
     * Constructs a translator.
     *
     * @param parameters generation parameters that win over the model's own
     */
    ServingTextTranslator(Map<String, ?> parameters) {
        texts = new ModelText.ByModel(parameters);
    }

    @Override
    public void prepare(TranslatorContext ctx) {
        texts.of(ctx.getModel());
    }

    @Override
    public NDList processInput(TranslatorContext ctx, Input input) {
        ServingRequest request = ServingRequest.of(input);
        ModelText text = texts.of(ctx.getModel());
        int[] ids =
                request.prompt() == null
                        ? text.encode(request.messages())
                        : text.encode(request.prompt());
        ctx.setAttachment(REQUEST, request);
        return TextTranslator.begin(ctx, ids, text.complete(ids, request.parameters()));
    }

    @Override
    public Output processOutput(TranslatorContext ctx, NDList list) {
        String text = TextTranslator.completion(ctx).text(list);
        Output output = new Output();
        if (isJson(ctx)) {
            JsonObject answer = new JsonObject();
            answer.addProperty("generated_text", text);
            output.addProperty("Content-Type", "application/json");
            output.add(GSON.toJson(answer));
        } else {
            output.addProperty("Content-Type", TEXT);
            output.add(text);
        }
        return output;
    }

    @Override
    public StreamOutput<Output> processStreamOutput(TranslatorContext ctx, Stream<NDList> list) {
        return new ServingStream(isJson(ctx), TextTranslator.completion(ctx), list);
    }

    private static boolean isJson(TranslatorContext ctx) {
        return ((ServingRequest) ctx.getAttachment(REQUEST)).json();
    }

    @Override
    public Support getSupport() {
        return Support.BOTH;
    }
}
