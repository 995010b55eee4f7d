/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertNull;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.device.Backends;
import io.offloadstream.model.DeviceOptions.KvCachePlacement;
import io.offloadstream.ops.AttentionPlace;
import io.offloadstream.ops.ComputeType;
import io.offloadstream.ops.Gemm;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.MachineMemory;
import io.offloadstream.quant.Quantization;
import io.offloadstream.stream.StreamOptions;
import io.offloadstream.stream.StreamOptions.Io;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

public class ModelOptionsTest {

    @Test
    public void fillsInDefaults() {
        ModelOptions options = ModelOptions.parse(null);
        assertEquals(options.stream(), StreamOptions.DEFAULT);
        assertEquals(options.hostSlots(), 2);
        assertEquals(options.kvCacheType(), DType.F32);
        assertEquals(options.maxSequenceLength(), 0);
        assertEquals(options.maxBatch(), 1);
        long available = MachineMemory.availableBytes();
        assertTrue(options.hostMemoryBytes() > available / 2, "auto is most of the memory");
        assertTrue(options.hostMemoryBytes() < available, "auto leaves some memory");
    }

    @Test
    public void readsEveryOption() {
        ModelOptions options =
                ModelOptions.parse(
                        Map.ofEntries(
                                Map.entry("hostMemory", "1.4GB"),
                                Map.entry("scheduler", "block"),
                                Map.entry("prefetchLayers", "3"),
                                Map.entry("hostSlots", 5),
                                Map.entry("readThreads", 16L),
                                Map.entry("io", "buffered"),
                                Map.entry("computeType", "int8"),
                                Map.entry("kvCacheType", "bfloat16"),
                                Map.entry("maxSequenceLength", "100"),
                                Map.entry("maxBatch", "4"),
                                Map.entry("threads", "3"),
                                Map.entry("trackProgress", true),
                                Map.entry("verify", "TRUE"),
                                Map.entry("quantize", "int4"),
                                Map.entry("trace", "a.json"),
                                Map.entry("backend", "cpu"),
                                Map.entry("cachePolicy", "pinned")));
        assertEquals(
                options,
                new ModelOptions(
                        1_400_000_000L,
                        new StreamOptions(
                                StreamOptions.Io.BUFFERED,
                                StreamOptions.SchedulerKind.BLOCK,
                                3,
                                16,
                                Path.of("a.json")),
                        5,
                        DType.BF16,
                        100,
                        4,
                        3,
                        true,
                        true,
                        Quantization.INT4,
                        new DeviceOptions(
                                "cpu",
                                Backends.ANY_DEVICE,
                                null,
                                ComputeType.INT8,
                                Gemm.OWN,
                                KvCachePlacement.AUTO,
                                AttentionPlace.DEVICE,
                                6,
                                6,
                                0,
                                32,
                                0,
                                Map.of("hostSlots", "5"))));
    }

    @Test
    public void readsEveryOptionOfADevice() {
        Map<String, String> given =
                Map.of(
                        "deviceMemory", "7.5GB",
                        "kvCachePlacement", "host",
                        "attention", "host",
                        "deviceSlots", "3",
                        "pinnedSlots", "9",
                        "gpuLayers", "0");
        Map<String, Object> all = new HashMap<>(given);
        all.put("backend", "OpenCL");
        all.put("deviceId", 1);
        all.put("computeType", "bfloat16");
        all.put("gemm", "cublas");
        all.put("io", "gds");
        ModelOptions options = ModelOptions.parse(all);
        assertEquals(options.stream().io(), StreamOptions.Io.GDS);
        DeviceOptions device = options.device();
        assertEquals(
                device,
                new DeviceOptions(
                        "opencl",
                        1,
                        "7.5GB",
                        ComputeType.BFLOAT16,
                        Gemm.CUBLAS,
                        KvCachePlacement.HOST,
                        AttentionPlace.HOST,
                        3,
                        3,
                        9,
                        16,
                        0,
                        given));
        assertEquals(device.deviceMemoryBytes(100, 90), 7_500_000_000L);
    }

    @Test
    public void deviceMemoryIsAShareOfWhatCanBeHadOrOfAllThereIs() {
        DeviceOptions auto = ModelOptions.parse(null).device();
        assertEquals(auto.deviceMemoryBytes(1000, 500), 450);
        DeviceOptions share = ModelOptions.parse(Map.of("deviceMemory", "30%")).device();
        assertEquals(share.deviceMemoryBytes(1000, 500), 300);
    }

    @Test
    public void whatMakesNoSenseOnABackendIsAnErrorThatSaysSo() {
        for (String name :
                List.of("deviceMemory", "deviceSlots", "pinnedSlots", "gpuLayers", "hostSlots")) {
            DeviceOptions options = ModelOptions.parse(Map.of(name, "3")).device();
            boolean device = name.equals("hostSlots");
            IllegalArgumentException e =
                    expectThrows(
                            IllegalArgumentException.class,
                            () -> options.requireUse(Io.AUTO, device, "the backend"));
            assertTrue(e.getMessage().contains(name + "=3: the backend"), e.getMessage());
            options.requireUse(Io.AUTO, !device, "the other");
        }
    }

    @Test
    public void theRingHoldsWhatTheSchedulerReadsAhead() {
        assertEquals(ModelOptions.parse(Map.of("prefetchLayers", "0")).hostSlots(), 1);
        assertEquals(ModelOptions.parse(Map.of("prefetchLayers", "3")).hostSlots(), 4);
        Map<String, String> blocks = Map.of("prefetchLayers", "3", "scheduler", "block");
        assertEquals(ModelOptions.parse(blocks).hostSlots(), 6);
        ModelOptions costAware = ModelOptions.parse(Map.of("scheduler", "cost-aware"));
        assertEquals(costAware.stream().scheduler(), StreamOptions.SchedulerKind.COST_AWARE);
        assertEquals(costAware.hostSlots(), 2);
    }

    @Test
    public void aDepthThatWasGivenIsNotThePlannersToChoose() {
        DeviceOptions free = ModelOptions.parse(Map.of("readThreads", "3")).device();
        assertEquals(free.deviceSlots(), 2);
        assertEquals(free.mostDeviceSlots(), 6);
        for (Map<String, String> given :
                List.of(
                        Map.of("deviceSlots", "2"),
                        Map.of("prefetchLayers", "1"),
                        Map.of("scheduler", "lookahead"))) {
            DeviceOptions options = ModelOptions.parse(given).device();
            assertEquals(options.deviceSlots(), 2, given.toString());
            assertEquals(options.mostDeviceSlots(), 2, given.toString());
        }
    }

    @Test
    public void passesDjlsOwnKeyOver() {
        assertNull(ModelOptions.parse(Map.of("modelName", "x")).stream().trace());
    }

    @DataProvider
    Object[][] wrong() {
        return new Object[][] {
            {"hostMemry", "1GB", "hostMemory"},
            {"deviceMemory", "much", "80%"},
            {"kvCachePlacement", "disk", "device"},
            {"attention", "disk", "host"},
            {"gemm", "mkl", "cublas"},
            {"deviceId", "-1", "from 0"},
            {"deviceSlots", "0", "from 1"},
            {"pinnedSlots", "none", "from 1"},
            {"gpuLayers", "-2", "from 0"},
            {"quantize", "fp8", "valid"},
            {"io", "spdk", "gds"},
            {"backend", "vulkan", "opencl"},
            {"computeType", "float64", "int8"},
            {"maxBatch", "0", "from 1"},
            {"prefetchLayers", "two", "from 0"},
            {"readThreads", "-1", "from 1"},
            {"readThreads", "257", "to 256"},
            {"threads", "100000", "to 256"},
            {"trackProgress", "maybe", "true"},
            {"verify", "1", "true"},
            {"hostMemory", "lots", "80%"},
        };
    }

    @Test(dataProvider = "wrong")
    public void refusesWhatIsUnknownOrNotBuilt(String name, String value, String hint) {
        IllegalArgumentException e =
                expectThrows(
                        IllegalArgumentException.class,
                        () -> ModelOptions.parse(Map.of(name, value)));
        assertTrue(e.getMessage().contains(name) && e.getMessage().contains(hint), e.getMessage());
    }

    @Test
    public void theCpuHasNoDeviceMemory() {
        IllegalArgumentException e =
                expectThrows(
                        IllegalArgumentException.class,
                        () -> ModelOptions.parse(Map.of("backend", "cpu", "deviceMemory", "4GB")));
        ModelOptions.parse(Map.of("backend", "cpu", "kvCachePlacement", "auto"));
        assertTrue(e.getMessage().contains("hostMemory is the only budget"), e.getMessage());
    }

    @Test
    public void theHostAttendsToNoCacheOnTheDevice() {
        IllegalArgumentException e =
                expectThrows(
                        IllegalArgumentException.class,
                        () ->
                                ModelOptions.parse(
                                        Map.of("attention", "host", "kvCachePlacement", "device")));
        assertTrue(e.getMessage().contains("kvCachePlacement=host"), e.getMessage());
        ModelOptions.parse(Map.of("attention", "device", "kvCachePlacement", "device"));
        ModelOptions.parse(Map.of("attention", "host"));
    }

    @DataProvider
    Object[][] onlyOnDevices() {
        return new Object[][] {
            {"computeType", "float16", "float32"},
            {"attention", "host", "hostMemory"},
            {"gemm", "cublas", "CUDA"},
            {"io", "gds", "CUDA"},
        };
    }

    @Test(dataProvider = "onlyOnDevices")
    public void theCpuRefusesWhatOnlyDevicesDo(String name, String value, String hint) {
        IllegalArgumentException e =
                expectThrows(
                        IllegalArgumentException.class,
                        () -> ModelOptions.parse(Map.of("backend", "cpu", name, value)));
        assertTrue(e.getMessage().contains(name + "=" + value), e.getMessage());
        assertTrue(e.getMessage().contains(hint), e.getMessage());
    }

    @Test
    public void aDepthThatNoRingHasIsNamedInTheError() {
        for (String scheduler : new String[] {"cost-aware", "lookahead", "block"}) {
            Map<String, String> options =
                    Map.of("prefetchLayers", "2147483647", "scheduler", scheduler);
            IllegalArgumentException e =
                    expectThrows(IllegalArgumentException.class, () -> ModelOptions.parse(options));
            assertTrue(e.getMessage().contains("prefetchLayers=2147483647"), e.getMessage());
        }
    }
}
