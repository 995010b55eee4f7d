/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch;

import static io.offloadstream.arch.Closeness.assertClose;

import com.google.gson.Gson;
import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.model.Architectures;
import io.offloadstream.model.Decoder;
import io.offloadstream.model.ModelConfig;
import io.offloadstream.platform.KernelProvider;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/**
 * Options that the reference models do not use, on tiny models with random bfloat16 weights that
 * transformers 5.18.0 (torch 2.13.0, float32, eager attention) made and ran: biases, yarn, dynamic
 * rope across its original length, sliding layers, GPT-2's scalings, an untied head and the prefix
 * {@code transformer.} Each option moves those logits by more than 0.5.
 */
public class VariantLogitsTest {

    /**
     * What the original gave.
     *
     * @param prompt tokens run at once
     * @param steps tokens then run one by one
     * @param logits one row per token
     */
    private record Expected(List<Integer> prompt, List<Integer> steps, List<float[]> logits) {}

    @DataProvider
    public Object[][] variants() {
        return new Object[][] {
            {"llama-biases-yarn"}, {"llama-dynamic"}, {"qwen2-sliding"}, {"gpt2-scaled"}
        };
    }

    @Test(dataProvider = "variants")
    public void promptAndStepsMatchTheOriginal(String name) throws IOException, URISyntaxException {
        Path directory = Path.of(getClass().getResource("/variants/" + name).toURI());
        String json = Files.readString(directory.resolve("expected.json"));
        Expected expected = new Gson().fromJson(json, Expected.class);
        ModelConfig config = ModelConfig.read(directory);
        Decoder decoder = Architectures.find(config).create(config);
        Checkpoint checkpoint = Checkpoint.open(directory);
        try (InMemoryModel model =
                new InMemoryModel(decoder, checkpoint, KernelProvider.kernels())) {
            float[] prompt = logits(model, expected.prompt());
            int vocab = decoder.vocabSize();
            for (int row = 0; row < expected.logits().size(); row++) {
                int step = row - expected.prompt().size();
                float[] actual =
                        step < 0
                                ? Arrays.copyOfRange(prompt, row * vocab, (row + 1) * vocab)
                                : logits(model, expected.steps().subList(step, step + 1));
                assertClose(actual, expected.logits().get(row), name + " row " + row);
            }
        }
    }

    private static float[] logits(InMemoryModel model, List<Integer> ids) {
        int[] tokens = ids.stream().mapToInt(Integer::intValue).toArray();
        List<float[]> outputs = model.forward(tokens);
        return outputs.get(outputs.size() - 1);
    }
}
