/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import ai.djl.ModelException;
import ai.djl.inference.Predictor;
import ai.djl.inference.streaming.IteratorBytesSupplier;
import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.offloadstream.engine.OfsModel;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.text.GenerationConfig;
import io.offloadstream.zoo.OfsTranslatorFactory;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Continues a prompt, or answers it, and prints the text as it is made. */
@Command(
        name = "generate",
        sortOptions = false,
        description = "Prints the continuation of a prompt as it is made.")
final class GenerateCommand extends ModelCommand implements Callable<Integer> {

    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            description = "What to continue. Default for the storyteller: a request for a story.")
    private String prompt;

    @Option(
            names = "--chat",
            description = "The prompt is a message to answer: apply the model's chat template.")
    private boolean chat;

    @Mixin private SamplingFlags sampling;

    @Override
    public Integer call() throws IOException, ModelException, TranslateException {
        if (prompt == null && !isStoryteller()) {
            throw usage("Missing required option: '--prompt=TEXT'");
        }
        checkSampling();
        Map<String, String> options = optionValues();
        parse(options);
        Criteria.Builder<Input, Output> criteria =
                Criteria.builder()
                        .setTypes(Input.class, Output.class)
                        .optEngine("OffloadStream")
                        .optModelPath(modelDirectory())
                        .optTranslatorFactory(new OfsTranslatorFactory());
        options.forEach(criteria::optOption);
        try (ZooModel<Input, Output> model = criteria.build().loadModel();
                Predictor<Input, Output> predictor = model.newPredictor()) {
            StreamedModel streamed = ((OfsModel) model.getWrappedModel()).streamedModel();
            try (ProgressBar bar = ProgressBar.on(err(), streamed)) {
                print(predictor.streamingPredict(request()).getIterativeOutput(), bar);
            }
            err().println(streamed.report());
        }
        return 0;
    }

    private void checkSampling() {
        try {
            GenerationConfig.DEFAULT.with(sampling.values());
        } catch (IllegalArgumentException e) {
            throw usage(e.getMessage());
        }
    }

    private Input request() {
        String text = prompt == null ? Storyteller.PROMPT : prompt;
        Map<String, Object> body = new LinkedHashMap<>();
        if (chat || prompt == null) {
            body.put("messages", List.of(Map.of("role", "user", "content", text)));
        } else {
            body.put("inputs", text);
        }
        body.put("parameters", sampling.values());
        Input input = new Input();
        input.addProperty("Content-Type", "application/json");
        input.add(new Gson().toJson(body));
        return input;
    }

    /** Prints a line of JSON after the other, one for each token and one for the end. */
    private void print(Output output, ProgressBar bar) {
        IteratorBytesSupplier lines = (IteratorBytesSupplier) output.getData();
        long begin = System.nanoTime();
        long first = begin;
        int tokens = 0;
        JsonObject line = new JsonObject();
        while (lines.hasNext()) {
            byte[] bytes = lines.next();
            line = JsonParser.parseString(utf8(bytes)).getAsJsonObject();
            if (tokens++ == 0) {
                bar.finish();
                first = System.nanoTime();
            }
            out().print(line.getAsJsonObject("token").get("text").getAsString());
            out().flush();
        }
        long end = System.nanoTime();
        out().println();
        out().flush();
        JsonObject details = line.getAsJsonObject("details");
        int made = details.get("generated_tokens").getAsInt();
        err().printf(
                        Locale.ROOT,
                        "%n%d tokens (%s): the first after %.2f s%s%n",
                        made,
                        details.get("finish_reason").getAsString(),
                        (first - begin) / 1e9,
                        made > 1 ? rate(made - 1, (end - first) / 1e9) : "");
    }

    private static String rate(int tokens, double seconds) {
        return String.format(Locale.ROOT, ", then %.1f tokens/s", tokens / seconds);
    }

    private static String utf8(byte[] bytes) {
        return new String(bytes, StandardCharsets.UTF_8);
    }
}
