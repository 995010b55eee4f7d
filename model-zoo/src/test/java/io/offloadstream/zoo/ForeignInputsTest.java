/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.zoo;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertSame;
import static org.testng.Assert.assertTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.inference.Predictor;
import ai.djl.modality.nlp.generate.CausalLMOutput;
import ai.djl.ndarray.BaseNDManager;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrayAdapter;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.ZooModel;
import io.offloadstream.platform.MemoryBudget;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.testng.annotations.Test;

/**
 * Arrays that are not ours, as another engine's would be: on the heap, under a manager of their
 * own.
 */
public class ForeignInputsTest {

    private static final class ForeignManager extends BaseNDManager {

        ForeignManager() {
            super(NDManager.newBaseManager(Device.cpu(), "OffloadStream"), Device.cpu());
        }

        @Override
        public Engine getEngine() {
            return Engine.getEngine("OffloadStream");
        }

        @Override
        public NDManager newSubManager(Device device) {
            throw new UnsupportedOperationException();
        }

        @Override
        public NDArray from(NDArray array) {
            throw new UnsupportedOperationException();
        }

        @Override
        public ByteBuffer allocateDirect(int capacity) {
            throw new UnsupportedOperationException();
        }
    }

    private static final class ForeignArray extends NDArrayAdapter {

        private final ByteBuffer bytes;

        ForeignArray(ForeignManager manager, ByteBuffer bytes, Shape shape, DataType type) {
            super(manager, manager, shape, type, NDManager.nextUid());
            this.bytes = bytes;
        }

        static ForeignArray of(ForeignManager manager, long... row) {
            ByteBuffer bytes = ByteBuffer.allocate(8 * row.length).order(ByteOrder.nativeOrder());
            bytes.asLongBuffer().put(row);
            return new ForeignArray(manager, bytes, new Shape(1, row.length), DataType.INT64);
        }

        static ForeignArray copyOf(ForeignManager manager, NDArray array) {
            ByteBuffer bytes =
                    ByteBuffer.allocate(4 * (int) array.size()).order(ByteOrder.nativeOrder());
            bytes.asFloatBuffer().put(array.toFloatArray());
            return new ForeignArray(manager, bytes, array.getShape(), DataType.FLOAT32);
        }

        @Override
        public ByteBuffer toByteBuffer(boolean tryDirect) {
            return bytes.duplicate().order(ByteOrder.nativeOrder());
        }

        @Override
        public void intern(NDArray replaced) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void detach() {
            manager.detachInternal(getUid());
        }
    }

    @Test
    public void arraysOfAnotherEngineGoInAndTheirManagerOwnsTheOutputs() throws Exception {
        try (TinyModel tiny = new TinyModel();
                NDManager own = NDManager.newBaseManager(Device.cpu(), "OffloadStream");
                ZooModel<NDList, CausalLMOutput> model =
                        tiny.criteria(NDList.class, CausalLMOutput.class)
                                .optTranslatorFactory(new OfsTranslatorFactory())
                                .build()
                                .loadModel();
                Predictor<NDList, CausalLMOutput> predictor = model.newPredictor()) {
            MemoryBudget budget = TinyModel.engineModel(model).streamedModel().budget();
            NDList ids = new NDList(own.create(new long[][] {{3, 1}}));
            CausalLMOutput first = predictor.predict(ids);
            NDList next =
                    new NDList(
                            own.create(new long[][] {{4}}),
                            own.create(new long[][] {{2}}),
                            own.create(new long[][] {{1, 1, 1}}));
            next.addAll(first.getPastKeyValuesList());
            float[] expected = predictor.predict(next).getLogits().toFloatArray();

            long before = budget.usedBytes();
            CausalLMOutput output;
            try (ForeignManager manager = new ForeignManager()) {
                NDList foreign =
                        new NDList(
                                ForeignArray.of(manager, 4),
                                ForeignArray.of(manager, 2),
                                ForeignArray.of(manager, 1, 1, 1));
                for (NDArray array : first.getPastKeyValuesList()) {
                    foreign.add(ForeignArray.copyOf(manager, array));
                }
                output = predictor.predict(foreign);
                assertEquals(output.getLogits().toFloatArray(), expected);
                assertSame(output.getHiddenState().getManager(), manager);
                assertTrue(budget.usedBytes() > before);
            }
            assertTrue(output.getLogits().isReleased());
            assertEquals(budget.usedBytes(), before, budget.usedByPurpose().toString());
        }
    }
}
