/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.zoo;

import ai.djl.Model;
import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.modality.nlp.generate.CausalLMOutput;
import ai.djl.ndarray.NDList;
import ai.djl.translate.ArgumentsUtil;
import ai.djl.translate.NoopTranslator;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorFactory;
import ai.djl.util.Pair;
import io.offloadstream.text.GenerationConfig;
import java.io.Serializable;
import java.lang.reflect.Type;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/**
 * Translators for models that generate text, by input and output type:
 *
 * <ul>
 *   <li>{@code <String, String>}: a prompt in, its completion out; streamed as a {@link
 *       TextStream}. With the argument {@code applyChatTemplate=true} the prompt is a user's
 *       message.
 *   <li>{@code <Input, Output>}: plain text or JSON, as DJL Serving's text handlers take it.
 *   <li>{@code <NDList, CausalLMOutput>}: for DJL's TextGenerator.
 *   <li>{@code <NDList, NDList>}: token ids in, logits out.
 * </ul>
 *
 * <p>Arguments with the names of generation parameters ({@code max_new_tokens}, {@code
 * temperature}, ...) win over the model's {@code generation_config.json}. Given by {@code
 * Criteria.optTranslatorFactory}, or by DJL's DeferredTranslatorFactory with {@code
 * translatorFactory=io.offloadstream.zoo.OfsTranslatorFactory} in serving.properties.
 */
public final class OfsTranslatorFactory implements TranslatorFactory, Serializable {

    private static final long serialVersionUID = 1L;

    private static final String CHAT = "applyChatTemplate";

    private static final Set<Pair<Type, Type>> SUPPORTED =
            Set.of(
                    new Pair<>(String.class, String.class),
                    new Pair<>(Input.class, Output.class),
                    new Pair<>(NDList.class, CausalLMOutput.class),
                    new Pair<>(NDList.class, NDList.class));

    /** Constructs a factory. */
    public OfsTranslatorFactory() {}

    @Override
    public Set<Pair<Type, Type>> getSupportedTypes() {
        return SUPPORTED;
    }

    /**
     * {@inheritDoc}
     *
     * <p>A generation parameter with a bad value is refused by the first prediction: Criteria would
     * drop a loaded model unclosed if this method threw for it.
     *
     * @throws IllegalArgumentException if the types are not supported
     */
    @Override
    @SuppressWarnings("unchecked")
    public <I, O> Translator<I, O> newInstance(
            Class<I> input, Class<O> output, Model model, Map<String, ?> arguments) {
        return (Translator<I, O>) newInstance(input, output, arguments);
    }

    private static Translator<?, ?> newInstance(
            Class<?> input, Class<?> output, Map<String, ?> arguments) {
        if (input == NDList.class && output == NDList.class) {
            return new NoopTranslator();
        }
        if (input == NDList.class && output == CausalLMOutput.class) {
            return new CausalLMTranslator();
        }
        Map<String, Object> parameters = parameters(arguments);
        if (input == Input.class && output == Output.class) {
            return new ServingTextTranslator(parameters);
        }
        if (input == String.class && output == String.class) {
            boolean chat = arguments != null && ArgumentsUtil.booleanValue(arguments, CHAT, false);
            return new TextTranslator(parameters, chat);
        }
        throw new IllegalArgumentException(
                "types <"
                        + input.getName()
                        + ", "
                        + output.getName()
                        + "> are not supported; valid: <String, String>, <Input, Output>, <NDList,"
                        + " CausalLMOutput>, <NDList, NDList>");
    }

    private static Map<String, Object> parameters(Map<String, ?> arguments) {
        Map<String, Object> parameters = new HashMap<>();
        if (arguments != null) {
            for (String name : GenerationConfig.parameterNames()) {
                Object value = arguments.get(name);
                if (value != null) {
                    parameters.put(name, value);
                }
            }
        }
        return parameters;
    }
}
