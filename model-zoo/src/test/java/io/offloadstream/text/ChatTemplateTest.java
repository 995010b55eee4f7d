/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.offloadstream.checkpoint.CheckpointException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Year;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import org.testng.Assert;
import org.testng.annotations.Test;

public class ChatTemplateTest extends DirectoryFixture {

    private static final List<ChatMessage> QUESTION =
            List.of(new ChatMessage("user", "When is the tide?"));

    @Test
    public void rendersAsReferenceModelsDo() throws IOException {
        int compared = 0;
        for (Path model : TextFixtures.referenceModels()) {
            JsonObject cases = TextFixtures.cases(model);
            List<JsonElement> chats = new ArrayList<>();
            if (cases.has("chat") && cases.get("chat").isJsonArray()) {
                cases.getAsJsonArray("chat").forEach(chats::add);
            } else {
                for (JsonElement element : cases.getAsJsonArray("cases")) {
                    JsonElement messages = element.getAsJsonObject().get("messages");
                    if (messages != null && messages.isJsonArray()) {
                        chats.add(element);
                    }
                }
            }
            for (JsonElement element : chats) {
                JsonObject chat = element.getAsJsonObject();
                boolean prompt =
                        !chat.has("add_generation_prompt")
                                || chat.get("add_generation_prompt").getAsBoolean();
                String text =
                        ChatTemplate.read(model)
                                .orElseThrow()
                                .render(
                                        TextFixtures.messages(chat.getAsJsonArray("messages")),
                                        prompt);
                Assert.assertEquals(text, chat.get("text").getAsString(), model.toString());
                compared++;
            }
        }
        Assert.assertTrue(compared > 20, "only " + compared + " chats were compared");
    }

    /** Templates with the constructs of published ones, rendered by jinja2. */
    @Test
    public void rendersAsJinjaDoes() throws IOException {
        JsonObject data = TextFixtures.resource("chat-templates.json");
        List<String> wrong = new ArrayList<>();
        for (JsonElement element : data.getAsJsonArray("cases")) {
            JsonObject expected = element.getAsJsonObject();
            String name = expected.get("template").getAsString();
            String conversation = expected.get("conversation").getAsString();
            boolean prompt = expected.get("add_generation_prompt").getAsBoolean();
            String template = data.getAsJsonObject("templates").get(name).getAsString();
            List<ChatMessage> messages =
                    TextFixtures.messages(
                            data.getAsJsonObject("conversations").getAsJsonArray(conversation));
            String want =
                    expected.has("text") ? expected.get("text").getAsString() : "an exception";
            String got;
            try {
                got = read(template).render(messages, prompt);
            } catch (ChatTemplateException | CheckpointException e) {
                got = expected.has("error") ? "an exception" : e.toString();
            }
            if (!got.equals(want)) {
                wrong.add(name + "/" + conversation + "/" + prompt + ":\n" + got + "\n<>\n" + want);
            }
        }
        Assert.assertEquals(wrong, List.of(), String.join("\n\n", wrong));
    }

    @Test
    public void failureHasTheTemplatesMessageAndLine() throws IOException {
        ChatTemplate template =
                read(
                        "{{ bos_token }}\n\n{% if messages[0].role == 'user' %}\n"
                                + "  {{ raise_exception('No \"user\" in ' + bos_token) }}{% endif"
                                + " %}");
        ChatTemplateException e =
                Assert.expectThrows(
                        ChatTemplateException.class, () -> template.render(QUESTION, true));
        Assert.assertTrue(e.getMessage().startsWith("No \"user\" in <s> ("), e.getMessage());
        Assert.assertTrue(e.getMessage().endsWith("chat_template.jinja, line 4)"), e.getMessage());
    }

    @Test
    public void damagedTemplateIsRefusedAtReadWithItsLine() {
        for (String template :
                List.of(
                        "a\n{{ messages[0].content }",
                        "a\n{% frob %}",
                        "a\n{{ messages | frob }}",
                        "a\n{% raw %}",
                        "a\n{# note")) {
            CheckpointException e =
                    Assert.expectThrows(CheckpointException.class, () -> read(template));
            Assert.assertTrue(e.getMessage().contains("line 2"), e.getMessage());
        }
    }

    @Test
    public void usersTextIsNotInterpreted() throws IOException {
        String text = "{{ bos_token }}{% if true %}{# x #}<&>\\n__text0 false";
        List<ChatMessage> messages =
                List.of(new ChatMessage("user", text), new ChatMessage("user", "false"));
        ChatTemplate template =
                read(
                        "{% for m in messages %}{% if m.content %}{{ m.content }};{% endif %}{% endfor"
                                + " %}");
        Assert.assertEquals(template.render(messages, true), text + ";false;");
    }

    @Test
    public void knowsTheDate() throws IOException {
        String year = read("{{ strftime_now('%Y') }}").render(QUESTION, true);
        Assert.assertTrue(
                Math.abs(Integer.parseInt(year) - Year.now(ZoneId.systemDefault()).getValue()) <= 1,
                year);
        String day = read("{{ strftime_now('%d %b %Y') }}").render(QUESTION, true);
        Assert.assertTrue(day.matches("\\d\\d [A-Z][a-z][a-z] \\d{4}"), day);
    }

    @Test
    public void fileWinsOverConfigAndDefaultIsTakenFromAList() throws IOException {
        Path directory = newDirectory();
        Path config = directory.resolve("tokenizer_config.json");
        Assert.assertTrue(ChatTemplate.read(directory).isEmpty(), "no file at all");
        Files.writeString(config, "{\"eos_token\": \"!\"}");
        Assert.assertTrue(ChatTemplate.read(directory).isEmpty(), "no template");
        Files.writeString(
                config,
                "{\"eos_token\": {\"content\": \"!\"}, \"chat_template\": ["
                        + "{\"name\": \"tool_use\", \"template\": \"tools\"},"
                        + "{\"name\": \"default\", \"template\": \"list{{ eos_token }}\"}]}");
        Assert.assertEquals(render(directory), "list!");
        Files.writeString(config, "{\"chat_template\": \"string\"}");
        Assert.assertEquals(render(directory), "string");
        Files.writeString(directory.resolve("chat_template.jinja"), "file\n");
        Assert.assertEquals(render(directory), "file");
    }

    @Test
    public void listWithoutDefaultIsRefused() throws IOException {
        Path directory = newDirectory();
        Files.writeString(
                directory.resolve("tokenizer_config.json"),
                "{\"chat_template\": [{\"name\": \"rag\", \"template\": \"x\"}]}");
        CheckpointException e =
                Assert.expectThrows(CheckpointException.class, () -> ChatTemplate.read(directory));
        Assert.assertTrue(e.getMessage().contains("only [rag]"), e.getMessage());
    }

    private static String render(Path directory) {
        return ChatTemplate.read(directory).orElseThrow().render(QUESTION, true);
    }

    private ChatTemplate read(String template) throws IOException {
        Path directory = newDirectory();
        Files.writeString(directory.resolve("chat_template.jinja"), template);
        Files.writeString(
                directory.resolve("tokenizer_config.json"),
                "{\"bos_token\": \"<s>\", \"eos_token\": {\"content\": \"</s>\"}}");
        return ChatTemplate.read(directory).orElseThrow();
    }
}
