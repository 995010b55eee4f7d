/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.zoo;

import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.offloadstream.checkpoint.SafetensorsWriter;
import io.offloadstream.engine.OfsModel;
import io.offloadstream.platform.DType;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.Random;
import java.util.stream.Stream;

/**
 * A Llama of a few thousand seeded random weights, with a tokenizer whose words are {@code w0} to
 * {@code w96}, in a directory that is deleted at the end.
 */
final class TinyModel implements AutoCloseable {

    static final int VOCAB = 97;
    static final int HIDDEN = 24;
    static final int LAYERS = 3;
    static final int HEADS = 3;
    static final int KV_HEADS = 1;
    static final int HEAD_DIM = 8;
    static final int MLP = 40;
    static final int END_TOKEN = 96;
    static final int MAX_POSITIONS = 1 << 17;

    private static final int SEED = 7;

    private final Path directory;

    TinyModel() {
        try {
            directory = Files.createTempDirectory("tiny-llama");
            write("config.json", config().toString());
            write("tokenizer.json", tokenizer().toString());
            write("tokenizer_config.json", tokenizerConfig().toString());
            weights();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    Path directory() {
        return directory;
    }

    void write(String name, String text) {
        try {
            Files.writeString(directory.resolve(name), text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    void delete(String name) {
        try {
            Files.delete(directory.resolve(name));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What most tests load it with: our engine, a small budget, up to 8 sequences. */
    <I, O> Criteria.Builder<I, O> criteria(Class<I> input, Class<O> output) {
        return Criteria.builder()
                .setTypes(input, output)
                .optModelPath(directory)
                .optEngine("OffloadStream")
                .optOption("backend", "cpu")
                .optOption("hostMemory", "64MB")
                .optOption("maxBatch", "8");
    }

    static OfsModel engineModel(ZooModel<?, ?> model) {
        return (OfsModel) model.getWrappedModel();
    }

    private static JsonObject config() {
        JsonObject config = new JsonObject();
        JsonArray architectures = new JsonArray();
        architectures.add("LlamaForCausalLM");
        config.add("architectures", architectures);
        config.addProperty("model_type", "llama");
        config.addProperty("hidden_act", "silu");
        config.addProperty("hidden_size", HIDDEN);
        config.addProperty("head_dim", HEAD_DIM);
        config.addProperty("intermediate_size", MLP);
        config.addProperty("max_position_embeddings", MAX_POSITIONS);
        config.addProperty("num_attention_heads", HEADS);
        config.addProperty("num_hidden_layers", LAYERS);
        config.addProperty("num_key_value_heads", KV_HEADS);
        config.addProperty("rms_norm_eps", 1e-5);
        config.addProperty("rope_theta", 10000.0);
        config.addProperty("tie_word_embeddings", false);
        config.addProperty("torch_dtype", "float32");
        config.addProperty("vocab_size", VOCAB);
        config.addProperty("eos_token_id", END_TOKEN);
        return config;
    }

    private static JsonObject tokenizer() {
        JsonObject words = new JsonObject();
        for (int i = 0; i < VOCAB; i++) {
            words.addProperty("w" + i, i);
        }
        JsonObject model = new JsonObject();
        model.addProperty("type", "WordLevel");
        model.add("vocab", words);
        model.addProperty("unk_token", "w0");
        JsonObject split = new JsonObject();
        split.addProperty("type", "Whitespace");
        JsonObject tokenizer = new JsonObject();
        tokenizer.addProperty("version", "1.0");
        tokenizer.add("added_tokens", new JsonArray());
        tokenizer.add("pre_tokenizer", split);
        tokenizer.add("model", model);
        return tokenizer;
    }

    private static JsonObject tokenizerConfig() {
        JsonObject config = new JsonObject();
        config.addProperty("tokenizer_class", "PreTrainedTokenizerFast");
        config.addProperty(
                "chat_template",
                "{% for message in messages %}w1 {{ message['content'] }} w2 {% endfor %}"
                        + "{% if add_generation_prompt %}w3{% endif %}");
        return config;
    }

    private void weights() throws IOException {
        SafetensorsWriter writer = new SafetensorsWriter();
        writer.add("model.embed_tokens.weight", DType.F32, VOCAB, HIDDEN);
        for (int layer = 0; layer < LAYERS; layer++) {
            String prefix = "model.layers." + layer + ".";
            int kvWidth = KV_HEADS * HEAD_DIM;
            int queryWidth = HEADS * HEAD_DIM;
            writer.add(prefix + "input_layernorm.weight", DType.F32, HIDDEN);
            writer.add(prefix + "self_attn.q_proj.weight", DType.F32, queryWidth, HIDDEN);
            writer.add(prefix + "self_attn.k_proj.weight", DType.F32, kvWidth, HIDDEN);
            writer.add(prefix + "self_attn.v_proj.weight", DType.F32, kvWidth, HIDDEN);
            writer.add(prefix + "self_attn.o_proj.weight", DType.F32, HIDDEN, queryWidth);
            writer.add(prefix + "post_attention_layernorm.weight", DType.F32, HIDDEN);
            writer.add(prefix + "mlp.gate_proj.weight", DType.F32, MLP, HIDDEN);
            writer.add(prefix + "mlp.up_proj.weight", DType.F32, MLP, HIDDEN);
            writer.add(prefix + "mlp.down_proj.weight", DType.F32, HIDDEN, MLP);
        }
        writer.add("model.norm.weight", DType.F32, HIDDEN);
        writer.add("lm_head.weight", DType.F32, VOCAB, HIDDEN);
        Random random = new Random(SEED);
        writer.write(
                directory.resolve("model.safetensors"),
                (tensor, target) -> {
                    boolean norm = tensor.name().endsWith("norm.weight");
                    int count = Math.toIntExact(tensor.sizeBytes() / 4);
                    ByteBuffer bytes =
                            ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
                    for (int i = 0; i < count; i++) {
                        double value = random.nextGaussian();
                        bytes.putFloat((float) (norm ? 1 + 0.1 * value : 0.4 * value));
                    }
                    target.write(bytes.array());
                });
    }

    @Override
    public void close() {
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
