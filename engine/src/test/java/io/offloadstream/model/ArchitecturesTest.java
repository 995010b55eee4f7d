/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import static org.testng.Assert.assertSame;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.checkpoint.CheckpointException;
import io.offloadstream.platform.OffloadStreamException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.testng.annotations.Test;

public class ArchitecturesTest {

    private static final Architecture LLAMA = named("LlamaForCausalLM", "llama");
    private static final Architecture GPT2 = named("GPT2LMHeadModel", "gpt2");

    private static Architecture named(String... names) {
        return new Architecture() {
            @Override
            public Set<String> names() {
                return Set.of(names);
            }

            @Override
            public Decoder create(ModelConfig config) {
                throw new AssertionError("only looked up");
            }
        };
    }

    private static ModelConfig config(String json) {
        return ModelConfig.parse(Path.of("config.json"), json.replace('\'', '"'));
    }

    @Test
    public void theFirstKnownNameDecides() {
        List<Architecture> known = List.of(GPT2, LLAMA);
        assertSame(Architectures.find(config("{'model_type': 'llama'}"), known), LLAMA);
        ModelConfig listed =
                config("{'architectures': ['Other', 'GPT2LMHeadModel'], 'model_type': 'llama'}");
        assertSame(Architectures.find(listed, known), GPT2);
    }

    @Test
    public void anUnknownOneIsAnErrorThatListsTheKnown() {
        ModelConfig classifier =
                config("{'architectures': ['LlamaForTokenChoice'], 'model_type': 'llama'}");
        String message =
                expectThrows(
                                CheckpointException.class,
                                () -> Architectures.find(classifier, List.of(GPT2, LLAMA)))
                        .getMessage();
        assertTrue(message.contains("LlamaForTokenChoice"), message);
        assertTrue(message.contains("GPT2LMHeadModel, LlamaForCausalLM, gpt2, llama"), message);
    }

    @Test
    public void twoOfOneNameAreAnError() {
        String message =
                expectThrows(
                                OffloadStreamException.class,
                                () ->
                                        Architectures.find(
                                                config("{'model_type': 'llama'}"),
                                                List.of(LLAMA, named("llama"))))
                        .getMessage();
        assertTrue(message.contains("named llama"), message);
    }
}
