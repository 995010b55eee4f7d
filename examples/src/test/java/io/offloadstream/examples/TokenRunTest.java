/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.PassOutput;
import io.offloadstream.model.Session;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenBatch;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.HostMemory;
import java.io.PrintWriter;
import java.io.Writer;
import java.nio.FloatBuffer;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.testng.annotations.Test;

public class TokenRunTest {

    private static final int PROMPT_TOKENS = 7;
    private static final int TOKENS = 12;

    @Test
    public void theBestTokenIsThatOfAllLogits() {
        LlamaShape shape = LlamaShape.ofSize(12_000_000);
        try (TemporaryDirectory directory = TemporaryDirectory.create("token-run")) {
            new SyntheticCheckpoint(shape, 7)
                    .make(directory.path(), new PrintWriter(Writer.nullWriter()));
            ModelOptions options =
                    ModelOptions.parse(Map.of("backend", "cpu", "maxSequenceLength", "32"));
            try (StreamedModel model = StreamedModel.open(directory.path(), options);
                    TokenRun run = new TokenRun(model);
                    Session all = model.newSession(1);
                    HostMemory memory =
                            HostMemory.allocate(model.budget(), "test", 4L * shape.vocab())) {
                int[] ids = TokenRun.prompt(PROMPT_TOKENS, shape.vocab());
                Set<Integer> seen = new HashSet<>();
                for (int i = 0; i < TOKENS; i++) {
                    int token = run.next(ids);
                    assertEquals(token, likeliest(all, ids, memory, shape.vocab()), "token " + i);
                    seen.add(token);
                    // a model of random weights repeats itself
                    ids = new int[] {(token + i) % shape.vocab()};
                }
                assertTrue(seen.size() > 2, "too few tokens to tell one from another: " + seen);
            }
        }
    }

    private static int likeliest(Session session, int[] ids, HostMemory memory, int vocab) {
        Tensor logits = new Tensor(DType.F32, memory.address(), 1, vocab);
        session.forward(
                new TokenBatch(ids.length, ids, null, null),
                new PassOutput(new int[] {ids.length - 1}, logits, null));
        FloatBuffer values = memory.buffer(0, 4 * vocab).asFloatBuffer();
        int best = 0;
        for (int token = 1; token < vocab; token++) {
            best = values.get(token) > values.get(best) ? token : best;
        }
        return best;
    }
}
