/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.zoo;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertNotEquals;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import ai.djl.engine.EngineException;
import ai.djl.inference.Predictor;
import ai.djl.inference.streaming.IteratorBytesSupplier;
import ai.djl.inference.streaming.PublisherBytesSupplier;
import ai.djl.inference.streaming.StreamingTranslator.StreamOutput;
import ai.djl.modality.Input;
import ai.djl.modality.Output;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.MemoryBudget;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Future;
import org.testng.SkipException;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.Test;

public class TextPredictTest {

    private static final String JSON = "application/json";

    private TinyModel tiny;
    private ZooModel<String, String> texts;
    private ZooModel<Input, Output> serving;

    @BeforeClass
    public void open() throws Exception {
        tiny = new TinyModel();
        texts =
                tiny.criteria(String.class, String.class)
                        .optTranslatorFactory(new OfsTranslatorFactory())
                        .optArgument("max_new_tokens", 12)
                        .build()
                        .loadModel();
        serving =
                tiny.criteria(Input.class, Output.class)
                        .optTranslatorFactory(new OfsTranslatorFactory())
                        .optArgument("max_new_tokens", "12")
                        .build()
                        .loadModel();
    }

    @AfterClass(alwaysRun = true)
    public void close() {
        for (ZooModel<?, ?> model : List.of(texts, serving)) {
            MemoryBudget budget = TinyModel.engineModel(model).streamedModel().budget();
            model.close();
            assertEquals(budget.usedBytes(), 0, budget.usedByPurpose().toString());
        }
        tiny.close();
    }

    private static Input input(String type, String body) {
        Input input = new Input();
        if (type != null) {
            input.addProperty("Content-Type", type);
        }
        input.add("data", body);
        return input;
    }

    private String answer(String type, String body) throws TranslateException {
        try (Predictor<Input, Output> predictor = serving.newPredictor()) {
            return predictor.predict(input(type, body)).getData().getAsString();
        }
    }

    private static String text(String json) {
        return JsonParser.parseString(json).getAsJsonObject().get("generated_text").getAsString();
    }

    @Test
    public void streamedTextIsThePredictedText() throws Exception {
        try (Predictor<String, String> predictor = texts.newPredictor()) {
            String predicted = predictor.predict("w5 w6 w7");
            assertEquals(predicted.split(" ", -1).length, 12, predicted);
            List<String> pieces = new ArrayList<>();
            try (TextStream stream = (TextStream) predictor.streamingPredict("w5 w6 w7")) {
                stream.forEachRemaining(pieces::add);
            }
            assertEquals(String.join("", pieces), predicted);
            assertTrue(pieces.size() > 6, pieces.toString());
            assertEquals(predictor.streamingPredict("w5 w6 w7").getIterativeOutput(), predicted);
            assertThrows(
                    UnsupportedOperationException.class,
                    () -> predictor.streamingPredict("w5").getAsyncOutput());
        }
    }

    @Test
    public void passesRunOnlyForTokensThatAreUsed() throws Exception {
        try (Predictor<String, String> predictor = texts.newPredictor()) {
            int[] passes = {0};
            TinyModel.engineModel(texts)
                    .streamedModel()
                    .setProgress((done, total) -> passes[0] += done == total ? 1 : 0);
            predictor.predict("w5 w6 w7");
            // prefill gives the first of 12 tokens, the last needs no pass of its own
            assertEquals(passes[0], 12);
        } finally {
            TinyModel.engineModel(texts).streamedModel().setProgress((done, total) -> {});
        }
    }

    @Test
    public void theLeastBudgetGivesTheSameText() throws Exception {
        String expected;
        try (Predictor<String, String> predictor = texts.newPredictor()) {
            expected = predictor.predict("w5 w6 w7");
        }
        EngineException refused =
                expectThrows(EngineException.class, () -> small(1000).build().loadModel());
        long least = ((BudgetExceededException) refused.getCause()).requestedBytes();
        // a request's ids and the logits of one position come on top, no group has room in them
        long withRequest = least + 1024;
        try (ZooModel<String, String> model = small(withRequest).build().loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            StreamedModel streamed = TinyModel.engineModel(model).streamedModel();
            assertEquals(predictor.predict("w5 w6 w7"), expected);
            long read = streamed.stats().read().bytes();
            assertEquals(predictor.predict("w5 w6 w7"), expected);
            assertTrue(streamed.stats().read().bytes() > read, "nothing was streamed");
        }
    }

    private Criteria.Builder<String, String> small(long hostMemoryBytes) {
        return tiny.criteria(String.class, String.class)
                .optTranslatorFactory(new OfsTranslatorFactory())
                .optArgument("max_new_tokens", 12)
                .optOption("hostMemory", hostMemoryBytes + "B")
                .optOption("maxBatch", "1")
                .optOption("maxSequenceLength", "64")
                .optOption("io", "buffered");
    }

    @Test
    public void batchPredictTakesEachPromptAlone() throws Exception {
        try (Predictor<String, String> predictor = texts.newPredictor()) {
            List<String> both = predictor.batchPredict(List.of("w5 w6 w7", "w8 w9"));
            assertEquals(both.get(0), predictor.predict("w5 w6 w7"));
            assertEquals(both.get(1), predictor.predict("w8 w9"));
            assertNotEquals(both.get(0), both.get(1));
        }
    }

    @Test
    public void plainRequestsGetPlainTextAndJsonRequestsJson() throws Exception {
        String expected;
        try (Predictor<String, String> predictor = texts.newPredictor()) {
            expected = predictor.predict("w5 w6");
        }
        assertEquals(answer(null, "w5 w6"), expected);
        assertEquals(answer("text/plain", "w5 w6"), expected);
        assertEquals(text(answer(JSON, "{\"inputs\": \"w5 w6\"}")), expected);
        String three =
                answer(
                        JSON + "; charset=utf-8",
                        "{\"inputs\": \"w5 w6\", \"parameters\": {\"max_new_tokens\": 3}}");
        assertEquals(text(three).split(" ", -1).length, 3);
        assertTrue(expected.startsWith(text(three)));
    }

    @Test
    public void parametersOfTheRequestAreUsed() throws Exception {
        String drawn = "{\"inputs\": \"w5\", \"parameters\": {\"temperature\": 5.0, \"seed\": %d}}";
        assertEquals(answer(JSON, String.format(drawn, 3)), answer(JSON, String.format(drawn, 3)));
        assertNotEquals(
                answer(JSON, String.format(drawn, 3)), answer(JSON, String.format(drawn, 4)));
        String whole = text(answer(JSON, "{\"inputs\": \"w5\"}"));
        String third = whole.split(" ", -1)[2];
        String stopped =
                text(
                        answer(
                                JSON,
                                "{\"inputs\": \"w5\", \"parameters\": {\"stop\": [\""
                                        + third
                                        + "\"]}}"));
        assertEquals(stopped, whole.substring(0, whole.indexOf(third)));
    }

    @Test
    public void messagesAreRenderedByTheChatTemplate() throws Exception {
        String chat = answer(JSON, "{\"messages\": [{\"role\": \"user\", \"content\": \"w9\"}]}");
        assertEquals(text(chat), answer(null, "w1 w9 w2 w3"));
        try (ZooModel<String, String> model =
                        tiny.criteria(String.class, String.class)
                                .optTranslatorFactory(new OfsTranslatorFactory())
                                .optArgument("max_new_tokens", 12)
                                .optArgument("applyChatTemplate", true)
                                .build()
                                .loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            assertEquals(predictor.predict("w9"), text(chat));
        }
    }

    @Test
    public void streamsOfRequestsHaveTheTextOfTheAnswer() throws Exception {
        String expected = answer(null, "w5 w6");
        try (Predictor<Input, Output> predictor = serving.newPredictor()) {
            Output plain = predictor.streamingPredict(input(null, "w5 w6")).getIterativeOutput();
            assertEquals(
                    new String(plain.getData().getAsBytes(), StandardCharsets.UTF_8), expected);
            Output json =
                    predictor
                            .streamingPredict(
                                    input(JSON, "{\"inputs\": \"w5 w6\", \"stream\": true}"))
                            .getIterativeOutput();
            assertEquals(json.getProperty("Content-Type", null), "application/jsonlines");
            IteratorBytesSupplier lines = (IteratorBytesSupplier) json.getData();
            StringBuilder joined = new StringBuilder();
            JsonObject last = null;
            int count = 0;
            while (lines.hasNext()) {
                String line = new String(lines.next(), StandardCharsets.UTF_8);
                assertTrue(line.endsWith("\n"), line);
                last = JsonParser.parseString(line).getAsJsonObject();
                joined.append(last.getAsJsonObject("token").get("text").getAsString());
                count++;
            }
            assertEquals(joined.toString(), expected);
            assertEquals(count, 13);
            assertEquals(last.get("generated_text").getAsString(), expected);
            JsonObject details = last.getAsJsonObject("details");
            assertEquals(details.get("finish_reason").getAsString(), "length");
            assertEquals(details.get("generated_tokens").getAsInt(), 12);
        }
    }

    @Test
    public void asynchronousStreamsReachTheirSubscriber() throws Exception {
        String expected = answer(null, "w5 w6");
        try (Predictor<Input, Output> predictor = serving.newPredictor()) {
            StreamOutput<Output> stream = predictor.streamingPredict(input(null, "w5 w6"));
            PublisherBytesSupplier publisher =
                    (PublisherBytesSupplier) stream.getAsyncOutput().getData();
            ByteArrayOutputStream received = new ByteArrayOutputStream();
            boolean[] ended = {false};
            Future<Void> end =
                    publisher.subscribe(
                            bytes -> {
                                if (bytes == null) {
                                    ended[0] = true;
                                } else {
                                    received.writeBytes(bytes);
                                }
                            });
            stream.computeAsyncOutput();
            assertEquals(received.toString(StandardCharsets.UTF_8), expected);
            assertTrue(ended[0]);
            assertTrue(end.isDone());
        }
    }

    @Test
    public void malformedRequestsAreRefused() {
        assertRefused("no JSON object", JSON, "nonsense");
        assertRefused("neither inputs and messages", JSON, "{}");
        assertRefused("expected a string", JSON, "{\"inputs\": 3}");
        assertRefused("key prompt of the body", JSON, "{\"prompt\": \"w5\"}");
        assertRefused(
                "max_new_token",
                JSON,
                "{\"inputs\": \"w5\", \"parameters\": {\"max_new_token\": 3}}");
        assertRefused("the prompt has no tokens", null, "");
        try (Predictor<Input, Output> predictor = serving.newPredictor()) {
            TranslateException e =
                    expectThrows(TranslateException.class, () -> predictor.predict(new Input()));
            assertTrue(e.getMessage().contains("no body"), e.getMessage());
        }
    }

    private void assertRefused(String message, String type, String body) {
        TranslateException e = expectThrows(TranslateException.class, () -> answer(type, body));
        assertTrue(e.getMessage().contains(message), e.getMessage());
        assertTrue(e.getCause() instanceof IllegalArgumentException, e.toString());
    }

    @Test
    public void theStorytellerTellsTheSameStoryBothWays() throws Exception {
        Path directory =
                Path.of(System.getProperty("offloadstream.shared"), "models", "storyteller");
        if (!Files.isDirectory(directory)) {
            throw new SkipException("../shared is absent");
        }
        try (ZooModel<String, String> model =
                        tiny.criteria(String.class, String.class)
                                .optModelPath(directory)
                                .optTranslatorFactory(new OfsTranslatorFactory())
                                .optArgument("seed", 5)
                                .optArgument("max_new_tokens", 40)
                                .build()
                                .loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            String story = predictor.predict("Once upon a time there was a");
            assertFalse(story.isBlank());
            assertEquals(
                    predictor.streamingPredict("Once upon a time there was a").getIterativeOutput(),
                    story);
        }
    }
}
