/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.device.Backends;
import io.offloadstream.device.gpu.GpuBackend;
import io.offloadstream.model.BestLogits;
import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.PassOutput;
import io.offloadstream.model.Session;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenBatch;
import io.offloadstream.ops.ComputeType;
import io.offloadstream.platform.HostMemory;
import io.offloadstream.platform.Storage;
import io.offloadstream.platform.cuda.CudaDriver;
import io.offloadstream.platform.gpu.GpuDriver;
import io.offloadstream.platform.gpu.GpuInfo;
import io.offloadstream.platform.opencl.OpenClDriver;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Tokens that a device chooses are those of all logits, of which it moves next to none. */
public class DeviceDecodeTest {

    private static final long SEED = 8;
    private static final int PROMPT = 19;
    private static final int TOKENS = 40;

    /** Of a vocabulary, in a step. */
    private static final double MOST_SHARE = 0.01;

    @DataProvider
    Object[][] backends() {
        return TestDevices.with(new Object[][] {{}});
    }

    @Test(dataProvider = "backends")
    public void aStepMovesAFewNumbers(String backend) {
        TestDevices.require(backend);
        Path root = Path.of(System.getProperty("offloadstream.root"));
        Path directory = root.resolve("examples/src/main/resources/storyteller");
        Map<String, String> options = TestDevices.plenty(backend, 1, PROMPT + TOKENS);
        MeteredGpu meter = new MeteredGpu();
        try (StreamedModel model =
                StreamedModel.open(
                        directory,
                        ModelOptions.parse(options),
                        Storage.local(),
                        () -> open(backend, meter))) {
            assertTrue(model.backendName().startsWith(backend), model.backendName());
            int vocab = model.decoder().vocabSize();
            int[] prompt = new Random(SEED).ints(PROMPT, 0, vocab).toArray();
            meter.downloadedBytes();
            int[] expected = Runs.greedy(model, prompt, TOKENS);
            assertEquals(meter.downloadedBytes(), 4L * vocab * TOKENS, "all logits of each token");
            assertEquals(byBest(model, prompt, meter), expected, "seed " + SEED);
        }
    }

    private static GpuBackend open(String backend, MeteredGpu meter) {
        GpuDriver driver = backend.equals("cuda") ? new CudaDriver() : new OpenClDriver();
        GpuInfo info = Backends.devices().choose(backend, Backends.ANY_DEVICE).info().orElseThrow();
        return new GpuBackend(meter.meter(driver.open(info)), ComputeType.FLOAT32);
    }

    private static int[] byBest(StreamedModel model, int[] prompt, MeteredGpu meter) {
        long most = (long) (MOST_SHARE * 4 * model.decoder().vocabSize());
        long size = BestLogits.sizeBytes(model, 1, 1);
        int[] tokens = new int[TOKENS];
        try (Session session = model.newSession(1);
                HostMemory memory = HostMemory.allocate(model.budget(), "best", size)) {
            BestLogits best = new BestLogits(model, memory, 1, 1);
            int[] next = prompt;
            for (int i = 0; i < TOKENS; i++) {
                session.forward(
                        new TokenBatch(next.length, next, null, null),
                        PassOutput.best(new int[] {next.length - 1}, best));
                long moved = meter.downloadedBytes();
                assertTrue(moved > 0 && moved <= most, moved + " bytes of token " + i);
                IntBuffer id = IntBuffer.allocate(1);
                best.merge(0, FloatBuffer.allocate(1), id);
                tokens[i] = id.get(0);
                next = new int[] {tokens[i]};
            }
        }
        return tokens;
    }
}
