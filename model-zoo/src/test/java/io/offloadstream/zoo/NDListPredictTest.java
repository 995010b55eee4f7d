/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.zoo;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertSame;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import ai.djl.Device;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.NDScope;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.NoopTranslator;
import ai.djl.translate.TranslateException;
import ai.djl.util.PairList;
import io.offloadstream.engine.OfsSymbolBlock;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.MemoryBudget;
import java.util.Arrays;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.Test;

public class NDListPredictTest {

    private TinyModel tiny;
    private ZooModel<NDList, NDList> model;
    private Predictor<NDList, NDList> predictor;
    private NDManager manager;

    @BeforeClass
    public void open() throws Exception {
        tiny = new TinyModel();
        model =
                tiny.criteria(NDList.class, NDList.class)
                        .optOption("maxSequenceLength", "40")
                        .build()
                        .loadModel();
        predictor = model.newPredictor();
        manager = NDManager.newBaseManager(Device.cpu(), "OffloadStream");
    }

    @AfterClass(alwaysRun = true)
    public void close() {
        MemoryBudget budget = TinyModel.engineModel(model).streamedModel().budget();
        manager.close();
        predictor.close();
        model.close();
        tiny.close();
        assertEquals(budget.usedBytes(), 0, budget.usedByPurpose().toString());
    }

    private NDArray ids(long[][] ids) {
        return manager.create(ids);
    }

    private float[] logits(NDList inputs) throws TranslateException {
        return predictor.predict(inputs).singletonOrThrow().toFloatArray();
    }

    private static float[] row(float[] logits, int row) {
        return Arrays.copyOfRange(logits, row * TinyModel.VOCAB, (row + 1) * TinyModel.VOCAB);
    }

    private static void assertClose(float[] actual, float[] expected) {
        assertEquals(actual.length, expected.length);
        for (int i = 0; i < actual.length; i++) {
            assertEquals(actual[i], expected[i], 1e-4f, "element " + i);
        }
    }

    @Test
    public void namesWinOverOrder() throws Exception {
        NDArray ids = ids(new long[][] {{0, 5, 9}});
        NDArray mask = ids(new long[][] {{0, 1, 1}});
        float[] byOrder = logits(new NDList(ids, mask));
        NDArray namedIds = ids.duplicate();
        namedIds.setName("input_ids");
        NDArray namedMask = mask.duplicate();
        namedMask.setName("attention_mask");
        float[] byName = logits(new NDList(namedMask, namedIds));
        assertEquals(row(byName, 2), row(byOrder, 2));
        assertEquals(row(byName, 1), row(byOrder, 1));
    }

    @Test
    public void paddingDoesNotChangeTheRest() throws Exception {
        float[] alone = logits(new NDList(ids(new long[][] {{5, 9}})));
        float[] left =
                logits(
                        new NDList(
                                ids(new long[][] {{0, 0, 5, 9}}),
                                ids(new long[][] {{0, 0, 1, 1}})));
        assertClose(row(left, 3), row(alone, 1));
        NDArray mask = manager.create(new boolean[] {true, true, false}, new Shape(1, 3));
        float[] right = logits(new NDList(ids(new long[][] {{5, 9, 3}}), mask));
        assertClose(row(right, 1), row(alone, 1));
    }

    @Test
    public void positionsAreTakenAndInt32IsToo() throws Exception {
        NDArray ids = manager.create(new int[] {5, 9}, new Shape(1, 2));
        NDArray mask = manager.create(new int[] {1, 1}, new Shape(1, 2));
        NDArray same = manager.create(new int[] {0, 1}, new Shape(1, 2));
        NDArray other = manager.create(new int[] {0, 7}, new Shape(1, 2));
        float[] plain = logits(new NDList(ids(new long[][] {{5, 9}})));
        assertEquals(logits(new NDList(ids, mask, same)), plain);
        assertTrue(!Arrays.equals(logits(new NDList(ids, mask, other)), plain));
    }

    @Test
    public void aRowDoesNotDependOnItsBatch() throws Exception {
        float[] both = logits(new NDList(ids(new long[][] {{1, 2, 3}, {4, 5, 6}})));
        float[] second = logits(new NDList(ids(new long[][] {{4, 5, 6}})));
        assertEquals(Arrays.copyOfRange(both, 3 * TinyModel.VOCAB, both.length), second);
    }

    @Test
    public void outputsBelongToTheManagerOfTheIdsAndToTheScope() throws Exception {
        NDArray ids = ids(new long[][] {{1, 2}});
        NDArray output;
        try (NDScope scope = new NDScope()) {
            scope.suppressNotUsedWarning();
            output = predictor.predict(new NDList(ids)).singletonOrThrow();
            assertSame(output.getManager(), manager);
            assertEquals(output.getName(), "logits");
        }
        assertTrue(output.isReleased());
    }

    @Test
    public void malformedRequestsAreRefusedWithTheValueAndTheLimit() {
        assertRefused("(batch, tokens)", manager.create(new long[] {1, 2}));
        assertRefused("(batch, tokens)", ids(new long[][][] {{{1}}}));
        assertRefused("float32; valid: int64, int32", manager.create(new float[][] {{1, 2}}));
        assertRefused("input_ids[0][1] is 97", ids(new long[][] {{1, 97}}));
        assertRefused("input_ids[1][0] is -1", ids(new long[][] {{1}, {-1}}));
        assertRefused("9 sequences, the limit is maxBatch=8", ids(new long[9][1]));
        assertRefused("maxSequenceLength=40", ids(new long[1][41]));
        NDArray ids = ids(new long[][] {{1, 2}});
        assertRefused("attention_mask has shape", ids, ids(new long[][] {{1}}));
        assertRefused("attention_mask[0][1] is 2", ids, ids(new long[][] {{1, 2}}));
        NDArray mask = ids(new long[][] {{1, 1}});
        assertRefused("position_ids[0][0] is -3", ids, mask, ids(new long[][] {{-3, 2}}));
        assertRefused("4 inputs without names", ids, ids, ids, ids);
        assertRefused("the list of inputs is empty");
        NDArray unknown = ids(new long[][] {{1, 2}});
        unknown.setName("token_type_ids");
        assertRefused("input token_type_ids is not known", unknown);
        assertRefused("some inputs have names", ids, unknown);
        NDArray alone = ids(new long[][] {{1, 1}});
        alone.setName("attention_mask");
        assertRefused("input_ids is missing", alone);
    }

    private NDArray ids(long[][][] ids) {
        return manager.zeros(
                new Shape(ids.length, ids[0].length, ids[0][0].length), DataType.INT64);
    }

    private void assertRefused(String message, NDArray... inputs) {
        TranslateException e =
                expectThrows(TranslateException.class, () -> predictor.predict(new NDList(inputs)));
        assertTrue(e.getCause() instanceof IllegalArgumentException, e.toString());
        assertTrue(e.getMessage().contains(message), e.getMessage());
    }

    @Test
    public void outputsThatDoNotFitAreRefusedBeforeAnyPass() throws Exception {
        // 4000 x 97 float32 is 1.6 MB, more than is left of the budget
        try (ZooModel<NDList, NDList> small =
                        tiny.criteria(NDList.class, NDList.class)
                                .optOption("hostMemory", "2MB")
                                .optOption("maxSequenceLength", "4000")
                                .optOption("maxBatch", "1")
                                .build()
                                .loadModel();
                Predictor<NDList, NDList> own = small.newPredictor()) {
            TinyModel.engineModel(small)
                    .streamedModel()
                    .setProgress(
                            (done, total) -> {
                                throw new AssertionError("a pass has begun");
                            });
            NDArray large = manager.zeros(new Shape(1, 4000), DataType.INT64);
            TranslateException e =
                    expectThrows(TranslateException.class, () -> own.predict(new NDList(large)));
            assertTrue(e.getCause().getCause() instanceof BudgetExceededException, e.toString());
            assertTrue(e.getMessage().contains("logits (1, 4000, 97) float32 needs"), e.toString());
        }
    }

    @Test
    public void theBlockWorksWithoutOurPredictor() throws Exception {
        NDArray ids = ids(new long[][] {{3, 1, 4}});
        float[] expected = logits(new NDList(ids));
        try (Predictor<NDList, NDList> plain =
                new Predictor<>(
                        model.getWrappedModel(), new NoopTranslator(), Device.cpu(), false)) {
            assertEquals(
                    plain.predict(new NDList(ids)).singletonOrThrow().toFloatArray(), expected);
        }
    }

    @Test
    public void cacheGoesInAndOutByName() throws Exception {
        OfsSymbolBlock block = (OfsSymbolBlock) model.getBlock();
        float[] expected = row(logits(new NDList(ids(new long[][] {{3, 1, 4}}))), 2);
        PairList<String, Object> params = new PairList<>();
        params.add(OfsSymbolBlock.USE_CACHE, true);
        NDList first = block.forward(null, new NDList(ids(new long[][] {{3, 1}})), false, params);
        assertEquals(first.size(), 2 + 2 * TinyModel.LAYERS);
        assertEquals(first.get(1).getShape(), new Shape(1, 2, TinyModel.HIDDEN));
        NDList next = new NDList();
        for (int layer = TinyModel.LAYERS - 1; layer >= 0; layer--) {
            first.get(3 + 2 * layer).setName("past_key_values." + layer + ".value");
            next.add(first.get(3 + 2 * layer));
            first.get(2 + 2 * layer).setName("past_key_values." + layer + ".key");
            next.add(first.get(2 + 2 * layer));
        }
        NDArray last = ids(new long[][] {{4}});
        last.setName("input_ids");
        next.add(last);
        NDList second = block.forward(null, next, false, null);
        assertEquals(
                second.get(2).getShape(), new Shape(1, TinyModel.KV_HEADS, 3, TinyModel.HEAD_DIM));
        assertClose(second.get(0).toFloatArray(), expected);
    }
}
