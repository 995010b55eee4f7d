/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertNull;
import static org.testng.Assert.assertTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.engine.EngineProvider;
import ai.djl.engine.StandardCapabilities;
import ai.djl.ndarray.NDManager;
import io.offloadstream.device.Backends;
import java.util.ServiceLoader;
import org.testng.annotations.Test;

public class OfsEngineTest {

    @Test
    public void djlFindsTheEngine() {
        assertTrue(Engine.getAllEngines().contains("OffloadStream"));
        Engine engine = Engine.getEngine("OffloadStream");
        assertTrue(engine instanceof OfsEngine);
        assertNull(engine.getAlternativeEngine());
        assertFalse(engine.hasCapability(StandardCapabilities.CUDA));
    }

    @Test
    public void devicesAreThoseOfTheMachine() {
        Engine engine = Engine.getEngine("OffloadStream");
        int cards = Backends.devices().gpuCount();
        assertEquals(engine.getGpuCount(), cards);
        assertEquals(engine.defaultDevice(), cards > 0 ? Device.gpu(0) : Device.cpu());
        // arrays stay in host memory
        try (NDManager manager = engine.newBaseManager()) {
            assertEquals(manager.getDevice(), Device.cpu());
        }
    }

    @Test
    public void theVersionIsThatOfTheBuild() {
        String version = Engine.getEngine("OffloadStream").getVersion();
        assertTrue(version.matches("\\d+\\.\\d+\\.\\d+.*"), version);
    }

    @Test
    public void theRankIsBehindThoseOfDjl() {
        for (EngineProvider provider : ServiceLoader.load(EngineProvider.class)) {
            if (provider instanceof OfsEngineProvider) {
                assertEquals(provider.getEngineRank(), 20);
                assertEquals(provider.getEngine().getRank(), 20);
                // DJL's own are 0 to 15, and the least becomes the default
            } else {
                assertTrue(provider.getEngineRank() < 20, provider.getEngineName());
            }
        }
        boolean alone = Engine.getAllEngines().size() == 1;
        assertEquals(Engine.getDefaultEngineName().equals("OffloadStream"), alone);
    }

    @Test
    public void managersCountByThemselves() {
        try (NDManager a = Engine.getEngine("OffloadStream").newBaseManager();
                NDManager b = NDManager.newBaseManager(Device.cpu(), "OffloadStream")) {
            a.create(new float[] {1, 2, 3});
            assertTrue(((OfsNDManager) a).budget().usedBytes() > 0);
            assertEquals(((OfsNDManager) b).budget().usedBytes(), 0);
        }
    }
}
