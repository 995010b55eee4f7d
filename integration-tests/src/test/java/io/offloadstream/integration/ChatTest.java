/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.PassOutput;
import io.offloadstream.model.Session;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenBatch;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.text.ChatMessage;
import io.offloadstream.text.ChatTemplate;
import io.offloadstream.text.TextTokenizer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.testng.SkipException;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/**
 * Real models answer as the original implementation does: prompts, ids, logits and greedy tokens of
 * stored chats, streamed and resident. The storyteller ships with the project; SmolLM2 is made by a
 * script and skipped where it was not.
 */
public class ChatTest {

    private static final Map<String, String> STREAMED = onCpu("90MB", "600", "direct");
    private static final Map<String, String> RESIDENT = onCpu("1GB", "600", "direct");

    private static Map<String, String> onCpu(String hostMemory, String length, String io) {
        return Map.of(
                "backend", "cpu", "hostMemory", hostMemory, "maxSequenceLength", length, "io", io);
    }

    @DataProvider
    Object[][] budgets() {
        return new Object[][] {{"streamed", STREAMED}, {"resident", RESIDENT}};
    }

    @Test(dataProvider = "budgets")
    public void smolLm2AnswersAsTheOriginal(String name, Map<String, String> options) {
        String made = System.getProperty("offloadstream.smollm2");
        if (made == null || !Files.isDirectory(Path.of(made))) {
            throw new SkipException("offloadstream.smollm2 names no directory");
        }
        Path expected = Goldens.shared().resolve("models/smollm2-135m-instruct/expected");
        answer(Goldens.of(Path.of(made), expected), options);
    }

    @DataProvider
    Object[][] devices() {
        return TestDevices.with(new Object[][] {{1_000_000_000}, {120_000_000}});
    }

    @Test(dataProvider = "devices")
    public void smolLm2AnswersOnADeviceAsTheOriginal(String backend, int modelBytes) {
        String made = System.getProperty("offloadstream.smollm2");
        if (made == null || !Files.isDirectory(Path.of(made))) {
            throw new SkipException("offloadstream.smollm2 names no directory");
        }
        TestDevices.require(backend);
        Path expected = Goldens.shared().resolve("models/smollm2-135m-instruct/expected");
        Map<String, String> options = TestDevices.plenty(backend, 1, 600);
        long device = TestDevices.deviceMemory(backend, modelBytes);
        options.put("deviceMemory", Long.toString(device));
        answer(Goldens.of(Path.of(made), expected), options);
    }

    @Test(dataProvider = "devices")
    public void theStorytellerTellsTheStoredStoriesOnADevice(String backend, int modelBytes) {
        TestDevices.require(backend);
        Path root = Path.of(System.getProperty("offloadstream.root"));
        Path directory = root.resolve("examples/src/main/resources/storyteller");
        Map<String, String> options = TestDevices.plenty(backend, 1, 320);
        long device = TestDevices.deviceMemory(backend, modelBytes);
        options.put("deviceMemory", Long.toString(device));
        answer(Goldens.of(directory, Path.of("src/test/resources/storyteller")), options);
    }

    @DataProvider
    Object[][] storyBudgets() {
        return new Object[][] {{"6MB", "direct"}, {"7MB", "buffered"}, {"1GB", "mmap"}};
    }

    @Test(dataProvider = "storyBudgets")
    public void theStorytellerTellsTheStoredStories(String hostMemory, String io) {
        Path root = Path.of(System.getProperty("offloadstream.root"));
        Path directory = root.resolve("examples/src/main/resources/storyteller");
        Path expected = Path.of("src/test/resources/storyteller");
        answer(Goldens.of(directory, expected), onCpu(hostMemory, "320", io));
    }

    private static void answer(Goldens goldens, Map<String, String> options) {
        ChatTemplate template = ChatTemplate.read(goldens.directory()).orElseThrow();
        try (TextTokenizer tokenizer = TextTokenizer.open(goldens.directory());
                StreamedModel model =
                        StreamedModel.open(goldens.directory(), ModelOptions.parse(options))) {
            for (Goldens.Case c : goldens.cases()) {
                if (c.has("messages")) {
                    String prompt = template.render(messages(c), true);
                    assertEquals(prompt, c.text(), c.name());
                }
                assertEquals(tokenizer.encode(c.text(), false), c.inputIds(), c.name());
                assertLogits(model, goldens, c);
                int[] expected = c.greedyNewTokens();
                int[] actual = Runs.greedy(model, c.inputIds(), expected.length);
                assertEquals(actual, expected, c.name());
                assertEquals(tokenizer.decode(actual, false), c.greedyText(), c.name());
            }
            PassReads.assertOnlyPlannedGroupsWereRead(model);
        }
    }

    private static List<ChatMessage> messages(Goldens.Case c) {
        List<ChatMessage> messages = new ArrayList<>();
        for (JsonElement element : c.messages()) {
            JsonObject message = element.getAsJsonObject();
            messages.add(
                    new ChatMessage(
                            message.get("role").getAsString(),
                            message.get("content").getAsString()));
        }
        return messages;
    }

    private static void assertLogits(StreamedModel model, Goldens goldens, Goldens.Case c) {
        boolean lastOnly = c.has("last_logits");
        float[] expected = goldens.tensor(c.key(lastOnly ? "last_logits" : "logits"));
        int vocab = model.decoder().vocabSize();
        int rows = expected.length / vocab;
        int[] wanted = lastOnly ? new int[] {c.tokens() - 1} : null;
        try (Session session = model.newSession(1);
                HostMemory memory =
                        HostMemory.allocate(model.budget(), "logits", 4L * expected.length)) {
            Tensor logits = new Tensor(DType.F32, memory.address(), rows, vocab);
            session.forward(
                    new TokenBatch(c.tokens(), c.inputIds(), null, null),
                    new PassOutput(wanted, logits, null));
            Closeness.assertClose(Runs.floats(memory), expected, null, c.name());
        }
    }
}
