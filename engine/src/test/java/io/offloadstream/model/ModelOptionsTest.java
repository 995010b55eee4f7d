/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertNull;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.platform.DType;
import io.offloadstream.platform.MachineMemory;
import io.offloadstream.stream.StreamOptions;
import java.nio.file.Path;
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
                                Map.entry("computeType", "float32"),
                                Map.entry("kvCacheType", "bfloat16"),
                                Map.entry("maxSequenceLength", "100"),
                                Map.entry("maxBatch", "4"),
                                Map.entry("threads", "3"),
                                Map.entry("trackProgress", true),
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
                        true));
    }

    @Test
    public void theRingHoldsWhatTheSchedulerReadsAhead() {
        assertEquals(ModelOptions.parse(Map.of("prefetchLayers", "0")).hostSlots(), 1);
        assertEquals(ModelOptions.parse(Map.of("prefetchLayers", "3")).hostSlots(), 4);
        Map<String, String> blocks = Map.of("prefetchLayers", "3", "scheduler", "block");
        assertEquals(ModelOptions.parse(blocks).hostSlots(), 6);
    }

    @Test
    public void passesDjlsOwnKeyOver() {
        assertNull(ModelOptions.parse(Map.of("modelName", "x")).stream().trace());
    }

    @DataProvider
    Object[][] wrong() {
        return new Object[][] {
            {"hostMemry", "1GB", "hostMemory"},
            {"deviceMemory", "4GB", "hostMemory is the only budget"},
            {"quantize", "int4", "valid"},
            {"io", "gds", "mmap"},
            {"backend", "cuda", "cpu"},
            {"computeType", "bfloat16", "float32"},
            {"maxBatch", "0", "from 1"},
            {"prefetchLayers", "two", "from 0"},
            {"readThreads", "-1", "from 1"},
            {"readThreads", "257", "to 256"},
            {"threads", "100000", "to 256"},
            {"trackProgress", "maybe", "true"},
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
    public void aDepthThatNoRingHasIsNamedInTheError() {
        for (String scheduler : new String[] {"lookahead", "block"}) {
            Map<String, String> options =
                    Map.of("prefetchLayers", "2147483647", "scheduler", scheduler);
            IllegalArgumentException e =
                    expectThrows(IllegalArgumentException.class, () -> ModelOptions.parse(options));
            assertTrue(e.getMessage().contains("prefetchLayers=2147483647"), e.getMessage());
        }
    }
}
