/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.zoo;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertThrows;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.engine.EngineException;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.DeferredTranslatorFactory;
import ai.djl.translate.NoopTranslator;
import io.offloadstream.engine.OfsModel;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.MemoryBudget;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.Test;

public class ModelLoadTest {

    private TinyModel tiny;

    @BeforeMethod
    public void create() {
        tiny = new TinyModel();
    }

    @AfterMethod(alwaysRun = true)
    public void delete() {
        tiny.close();
    }

    @Test
    public void criteriaWithPathAndEngineAloneGiveLogits() throws Exception {
        Criteria<NDList, NDList> criteria =
                Criteria.builder()
                        .setTypes(NDList.class, NDList.class)
                        .optModelPath(tiny.directory())
                        .optEngine("OffloadStream")
                        .build();
        try (ZooModel<NDList, NDList> model = criteria.loadModel()) {
            assertLogits(model);
        }
    }

    @Test
    public void criteriaWithNoopTranslatorGiveLogits() throws Exception {
        Criteria<NDList, NDList> criteria =
                tiny.criteria(NDList.class, NDList.class)
                        .optTranslator(new NoopTranslator())
                        .build();
        try (ZooModel<NDList, NDList> model = criteria.loadModel()) {
            assertLogits(model);
        }
    }

    private static void assertLogits(ZooModel<NDList, NDList> model) throws Exception {
        try (NDManager manager = NDManager.newBaseManager(Device.cpu(), "OffloadStream");
                Predictor<NDList, NDList> predictor = model.newPredictor()) {
            NDList output = predictor.predict(new NDList(manager.create(new long[][] {{1, 2, 3}})));
            assertEquals(output.size(), 1);
            assertEquals(output.head().getShape(), new Shape(1, 3, TinyModel.VOCAB));
            assertEquals(output.head().getDataType(), DataType.FLOAT32);
            assertTrue(output.head().getManager() == manager);
        }
        MemoryBudget budget = TinyModel.engineModel(model).streamedModel().budget();
        model.close();
        assertEquals(budget.usedBytes(), 0, budget.usedByPurpose().toString());
    }

    @Test
    public void plainLoadReadsServingProperties() throws Exception {
        tiny.write(
                "serving.properties",
                "engine=OffloadStream\noption.maxSequenceLength=33\noption.hostMemory=64MB\n"
                        + "translatorFactory=some.Factory\n");
        try (Model model = Model.newInstance("tiny", "OffloadStream")) {
            model.load(tiny.directory());
            assertEquals(((OfsModel) model).streamedModel().maxSequenceLength(), 33);
            assertEquals(model.getProperty("translatorFactory"), "some.Factory");
            assertEquals(model.getProperty("maxSequenceLength"), "33");
        }
    }

    @Test
    public void givenOptionsWinOverServingProperties() throws Exception {
        tiny.write("serving.properties", "option.maxSequenceLength=33\noption.hostMemory=64MB\n");
        try (Model model = Model.newInstance("tiny", "OffloadStream")) {
            model.load(tiny.directory(), null, Map.of("maxSequenceLength", 21));
            assertEquals(((OfsModel) model).streamedModel().maxSequenceLength(), 21);
        }
    }

    @Test
    public void plainLoadWorksWithoutServingProperties() throws Exception {
        try (Model model = Model.newInstance("tiny", "OffloadStream")) {
            model.load(tiny.directory(), "tiny", Map.of("hostMemory", "64MB"));
            assertEquals(model.describeInput().keys().get(0), "input_ids");
            assertEquals(model.describeOutput().get("logits"), new Shape(-1, -1, TinyModel.VOCAB));
            assertEquals(model.getArtifactNames()[0], "config.json");
            assertEquals(model.getDataType(), DataType.FLOAT32);
        }
    }

    @Test
    public void deferredTranslatorFactoryFindsOursInServingProperties() throws Exception {
        tiny.write(
                "serving.properties",
                "engine=OffloadStream\noption.hostMemory=64MB\n"
                        + "translatorFactory=io.offloadstream.zoo.OfsTranslatorFactory\n"
                        + "max_new_tokens=4\n");
        Criteria<String, String> criteria =
                Criteria.builder()
                        .setTypes(String.class, String.class)
                        .optModelPath(tiny.directory())
                        .optTranslatorFactory(new DeferredTranslatorFactory())
                        .build();
        try (ZooModel<String, String> model = criteria.loadModel();
                Predictor<String, String> predictor = model.newPredictor()) {
            assertEquals(predictor.predict("w5 w6").split(" ", -1).length, 4);
        }
    }

    @Test
    public void unknownOptionListsTheValidOnes() {
        IllegalArgumentException e =
                expectThrows(
                        IllegalArgumentException.class,
                        () ->
                                tiny.criteria(NDList.class, NDList.class)
                                        .optOption("gpuLayerz", "3")
                                        .build()
                                        .loadModel());
        assertTrue(e.getMessage().contains("gpuLayerz"), e.getMessage());
        assertTrue(e.getMessage().contains("hostMemory"), e.getMessage());
    }

    @Test
    public void modelNameIsNoOption() throws Exception {
        try (ZooModel<NDList, NDList> model =
                tiny.criteria(NDList.class, NDList.class)
                        .optOption("modelName", "mine")
                        .build()
                        .loadModel()) {
            assertEquals(model.getName(), "mine");
        }
    }

    @Test
    public void deviceThatIsNotThereIsRefusedWithWhatIs() {
        IllegalArgumentException e =
                expectThrows(
                        IllegalArgumentException.class,
                        () ->
                                tiny.criteria(NDList.class, NDList.class)
                                        .optOption("backend", "auto")
                                        .optDevice(Device.gpu(99))
                                        .build()
                                        .loadModel());
        assertTrue(e.getMessage().startsWith("there is no device 99; there are: "), e.getMessage());
        assertThrows(
                IllegalArgumentException.class,
                () ->
                        tiny.criteria(NDList.class, NDList.class)
                                .optOption("backend", "auto")
                                .optDevice(Device.of("tpu", 0))
                                .build()
                                .loadModel());
    }

    @Test
    public void damagedModelsAreMalformed() {
        tiny.write("config.json", "{\"architectures\": [\"NoSuchModel\"]}");
        MalformedModelException e =
                expectThrows(
                        MalformedModelException.class,
                        () -> tiny.criteria(NDList.class, NDList.class).build().loadModel());
        assertTrue(e.getMessage().contains("NoSuchModel"), e.getMessage());
        tiny.delete("config.json");
        assertThrows(
                MalformedModelException.class,
                () -> tiny.criteria(NDList.class, NDList.class).build().loadModel());
    }

    @Test
    public void tooSmallBudgetIsRefusedWithTheLeast() throws Exception {
        Criteria<NDList, NDList> small =
                tiny.criteria(NDList.class, NDList.class).optOption("hostMemory", "9KB").build();
        EngineException e = expectThrows(EngineException.class, small::loadModel);
        assertTrue(e.getCause() instanceof BudgetExceededException, e.toString());
        assertTrue(e.getMessage().contains("hostMemory"), e.getMessage());
    }

    @Test
    public void failedLoadClosesTheModelAndLeavesNoThread() throws Exception {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        Model model = Model.newInstance("tiny", "OffloadStream");
        NDManager manager = model.getNDManager();
        tiny.write("model.safetensors", "damaged");
        assertThrows(MalformedModelException.class, () -> model.load(tiny.directory()));
        assertFalse(manager.isOpen());
        assertThrows(IllegalStateException.class, () -> model.load(tiny.directory()));
        model.close();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("ofs-") && !before.contains(thread)) {
                thread.join(TimeUnit.MINUTES.toMillis(1));
                assertFalse(thread.isAlive(), thread.getName());
            }
        }
    }

    @Test
    public void missingDirectoryAndInputStreamAreRefused() throws Exception {
        try (Model model = Model.newInstance("tiny", "OffloadStream")) {
            assertThrows(
                    UnsupportedOperationException.class,
                    () -> model.load(new ByteArrayInputStream(new byte[0])));
            assertThrows(UnsupportedOperationException.class, () -> model.setBlock(null));
            assertThrows(
                    IllegalStateException.class, () -> model.newPredictor(new NoopTranslator()));
            Path missing = tiny.directory().resolve("missing");
            assertThrows(FileNotFoundException.class, () -> model.load(missing));
        }
    }

    @Test
    public void arraysMadeBeforeLoadLiveUntilCloseAndLaterOnesAreCharged() throws Exception {
        Model model = Model.newInstance("tiny", "OffloadStream");
        var early = model.getNDManager().create(new float[] {1, 2});
        model.load(tiny.directory(), null, Map.of("hostMemory", "64MB"));
        MemoryBudget budget = ((OfsModel) model).streamedModel().budget();
        assertEquals(early.toFloatArray(), new float[] {1, 2});
        long used = budget.usedBytes();
        model.getNDManager().create(new Shape(1000), DataType.FLOAT32);
        assertTrue(budget.usedBytes() >= used + 4000, budget.usedByPurpose().toString());
        model.close();
        model.close();
        assertTrue(early.isReleased());
        assertEquals(budget.usedBytes(), 0, budget.usedByPurpose().toString());
    }
}
