/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;

import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.ZooModel;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/**
 * The original models, traced, in DJL's PyTorch engine beside ours: random tokens, several lengths
 * and batches, left padding; arrays of the one engine go into the other.
 */
public class TorchScriptTest {

    private static final int VOCAB = 640;
    private static final int[][] SHAPES = {{1, 1}, {1, 13}, {2, 7}, {3, 40}, {1, 100}};

    @DataProvider
    Object[][] models() {
        return TestModels.references();
    }

    @Test(dataProvider = "models")
    public void bothEnginesAgreeOnRandomInput(String name) throws Exception {
        Goldens goldens = Goldens.reference(name);
        Map<String, String> options = new HashMap<>();
        options.put("backend", "cpu");
        options.put("maxBatch", "3");
        options.put("maxSequenceLength", "100");
        options.put("hostMemory", "8MB");
        options.put("io", "direct");
        long seed = name.hashCode();
        Random random = new Random(seed);
        try (ZooModel<NDList, NDList> torch = Djl.loadTraced(goldens);
                ZooModel<NDList, NDList> ours =
                        Djl.loadLogits(goldens.directory(), Djl.ENGINE, options);
                Predictor<NDList, NDList> torchPredictor = torch.newPredictor();
                Predictor<NDList, NDList> ourPredictor = ours.newPredictor();
                NDManager manager = torch.getNDManager().newSubManager()) {
            for (int[] shape : SHAPES) {
                long[] mask = leftPadding(random, shape[0], shape[1]);
                long[] ids = random.longs(mask.length, 0, VOCAB).toArray();
                Shape dimensions = new Shape(shape[0], shape[1]);
                NDArray idArray = manager.create(ids, dimensions);
                NDArray maskArray = manager.create(mask, dimensions);
                NDArray expected = torchPredictor.predict(new NDList(idArray, maskArray)).get(0);
                NDArray actual = ourPredictor.predict(new NDList(idArray, maskArray)).get(0);
                assertEquals(actual.getShape(), expected.getShape());
                Closeness.assertClose(
                        actual.toFloatArray(),
                        expected.toFloatArray(),
                        bytes(mask),
                        name + " " + dimensions + " seed " + seed);
            }
        }
    }

    /** Each row starts with some zeros, never all of it. */
    private static long[] leftPadding(Random random, int batch, int tokens) {
        long[] mask = new long[batch * tokens];
        for (int row = 0; row < batch; row++) {
            int padding = row == 0 ? 0 : random.nextInt(tokens);
            for (int token = padding; token < tokens; token++) {
                mask[row * tokens + token] = 1;
            }
        }
        return mask;
    }

    private static byte[] bytes(long[] mask) {
        byte[] bytes = new byte[mask.length];
        for (int i = 0; i < mask.length; i++) {
            bytes[i] = (byte) mask[i];
        }
        return bytes;
    }
}
