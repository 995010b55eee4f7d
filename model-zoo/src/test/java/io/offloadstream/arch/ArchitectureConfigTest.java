/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertNotSame;
import static org.testng.Assert.assertSame;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.checkpoint.CheckpointException;
import io.offloadstream.model.Architectures;
import io.offloadstream.model.Block;
import io.offloadstream.model.Decoder;
import io.offloadstream.model.ModelConfig;
import java.nio.file.Path;
import java.util.Map;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Values of config.json that decide the model, and those that are refused with a reason. */
public class ArchitectureConfigTest {

    private static final String LLAMA =
            "{'model_type': 'llama', 'vocab_size': 50, 'hidden_size': 36, 'intermediate_size': 50,"
                    + " 'num_hidden_layers': 4, 'num_attention_heads': 6, 'num_key_value_heads': 2,"
                    + " 'max_position_embeddings': 128}";

    private static final String GPT2 =
            "{'model_type': 'gpt2', 'vocab_size': 50, 'n_embd': 36, 'n_head': 4, 'n_layer': 3,"
                    + " 'n_positions': 128}";

    private static JsonObject json(String text) {
        return JsonParser.parseString(text.replace('\'', '"')).getAsJsonObject();
    }

    /** Creates a decoder from a configuration with some keys changed; a null takes a key away. */
    private static Decoder create(String base, String changes) {
        JsonObject config = json(base);
        json(changes).entrySet().forEach(e -> config.add(e.getKey(), e.getValue()));
        ModelConfig parsed = ModelConfig.parse(Path.of("config.json"), config.toString());
        return Architectures.find(parsed).create(parsed);
    }

    @DataProvider
    public Object[][] refused() {
        return new Object[][] {
            {LLAMA, "{'quantization_config': {'quant_method': 'gptq'}}", "quantization_config"},
            {LLAMA, "{'pretraining_tp': 2}", "pretraining_tp"},
            {LLAMA, "{'hidden_act': 'relu2'}", "hidden_act"},
            {LLAMA, "{'hidden_size': 35}", "num_attention_heads"},
            {LLAMA, "{'hidden_size': 'wide'}", "hidden_size"},
            {LLAMA, "{'vocab_size': null}", "vocab_size"},
            {LLAMA, "{'num_key_value_heads': 4}", "num_key_value_heads"},
            {LLAMA, "{'num_attention_heads': 0}", "num_attention_heads"},
            {LLAMA, "{'num_hidden_layers': 200000}", "num_hidden_layers"},
            {LLAMA, "{'head_dim': 7}", "head_dim"},
            {
                LLAMA,
                "{'num_attention_heads': 100000000, 'head_dim': 100000000}",
                "num_attention_heads"
            },
            {LLAMA, "{'tie_word_embeddings': 'yes'}", "tie_word_embeddings"},
            {LLAMA, "{'rope_scaling': {'rope_type': 'longrope'}}", "rope_scaling.rope_type"},
            {LLAMA, "{'model_type': 'mistral', 'sliding_window': 0}", "sliding_window"},
            {LLAMA, "{'model_type': 'mistral', 'layer_types': ['full_attention']}", "layer_types"},
            {LLAMA, "{'model_type': 'qwen2', 'layer_types': ['full_attention']}", "layer_types"},
            {LLAMA, "{'model_type': 'qwen2', 'layer_types': ['a', 'b', 'c', 'd']}", "layer_types"},
            {
                LLAMA,
                "{'model_type': 'qwen2', 'use_sliding_window': true, 'sliding_window': -1}",
                "sliding_window"
            },
            {GPT2, "{'activation_function': 'gelu_fast'}", "activation_function"},
            {GPT2, "{'add_cross_attention': true}", "add_cross_attention"},
            {GPT2, "{'n_head': 5}", "n_head"},
            {GPT2, "{'scale_attn_weights': 1}", "scale_attn_weights"},
            {GPT2, "{'reorder_and_upcast_attn': 'no'}", "reorder_and_upcast_attn"},
        };
    }

    @Test(dataProvider = "refused")
    public void aValueThatIsNotSupportedIsNamed(String base, String changes, String key) {
        CheckpointException e =
                expectThrows(CheckpointException.class, () -> create(base, changes));
        assertTrue(e.getMessage().startsWith("config.json: " + key + " is "), e.getMessage());
    }

    @Test
    public void keyValueHeadsAndHeadDimFollowFromTheOthers() {
        Decoder decoder = create(LLAMA, "{'num_key_value_heads': null, 'head_dim': null}");
        assertEquals(decoder.kvShape().heads(), 6);
        assertEquals(decoder.kvShape().headDim(), 6);
        assertEquals(create(LLAMA, "{'head_dim': 10}").kvShape().headDim(), 10);
    }

    @Test
    public void alikeLayersShareTheirBlock() {
        Decoder llama = create(LLAMA, "{}");
        assertSame(llama.block(3), llama.block(0));
        Decoder gpt2 = create(GPT2, "{}");
        assertSame(gpt2.block(2), gpt2.block(0));
        Decoder scaled = create(GPT2, "{'scale_attn_by_inverse_layer_idx': true}");
        assertNotSame(scaled.block(2), scaled.block(0));
    }

    @Test
    public void qwen2SlidesFromACertainLayerOnOrByLayerTypes() {
        String sliding =
                "'model_type': 'qwen2', 'use_sliding_window': true, 'sliding_window': 9,"
                        + " 'max_window_layers': 3";
        Decoder published = create(LLAMA, "{" + sliding + "}");
        assertSame(published.block(2), published.block(0));
        assertNotSame(published.block(3), published.block(0));
        Decoder typed =
                create(
                        LLAMA,
                        "{"
                                + sliding
                                + ", 'layer_types': ['full_attention', 'sliding_attention',"
                                + " 'full_attention', 'sliding_attention']}");
        Block slides = typed.block(1);
        assertNotSame(slides, typed.block(0));
        assertSame(typed.block(3), slides);
        assertSame(typed.block(2), typed.block(0));
    }

    @DataProvider
    public Object[][] heads() {
        return new Object[][] {
            {LLAMA, true, "model.embed_tokens.weight"},
            {LLAMA, false, "lm_head.weight"},
            {GPT2, true, "transformer.wte.weight"},
            {GPT2, false, "lm_head.weight"},
        };
    }

    @Test(dataProvider = "heads")
    public void theHeadIsTheTokenTableOnlyIfTied(String base, boolean tied, String name) {
        Decoder decoder = create(base, "{'tie_word_embeddings': " + tied + "}");
        Checkpoint empty = new Checkpoint(Path.of("model"), Map.of());
        CheckpointException e =
                expectThrows(CheckpointException.class, () -> decoder.headLayout().bind(empty, 0));
        assertTrue(e.getMessage().endsWith(" " + name), e.getMessage());
    }

    @Test
    public void theCommonDefaultsAreThoseOfTheOriginal() {
        Checkpoint empty = new Checkpoint(Path.of("model"), Map.of());
        CheckpointException llama =
                expectThrows(
                        CheckpointException.class,
                        () -> create(LLAMA, "{}").headLayout().bind(empty, 0));
        assertTrue(llama.getMessage().endsWith("lm_head.weight"), "Llama is not tied");
        CheckpointException gpt2 =
                expectThrows(
                        CheckpointException.class,
                        () -> create(GPT2, "{}").headLayout().bind(empty, 0));
        assertTrue(gpt2.getMessage().endsWith("wte.weight"), "GPT-2 is tied");
        assertEquals(create(GPT2, "{}").maxPositions(), 128);
    }
}
