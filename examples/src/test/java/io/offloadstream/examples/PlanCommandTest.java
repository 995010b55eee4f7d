/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertNotEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.platform.gpu.KernelCache;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.testng.annotations.Test;

public class PlanCommandTest {

    private static long least(CliRun plan) {
        Matcher number = Pattern.compile("(?m)^ +for text +(\\d+) bytes").matcher(plan.out());
        assertTrue(number.find(), plan.out());
        return Long.parseLong(number.group(1));
    }

    @Test
    public void generationWorksAtTheLeastBudgetAndNotWithAKilobyteLess() {
        CliRun plan = CliRun.of("plan", "--length=64", "--host-memory=64MB");
        assertEquals(plan.code(), 0, plan.err());
        long least = least(plan);
        String[] args = {
            // a sampler without top-k needs all logits, which is what the plan counts
            "generate",
            "--max-sequence-length=64",
            "--max-tokens=20",
            "--temperature=1",
            "--top-k=0",
            "--seed=1",
            ""
        };
        args[6] = "--host-memory=" + least;
        CliRun enough = CliRun.of(args);
        assertEquals(enough.code(), 0, enough.err());
        args[6] = "--host-memory=64MB";
        assertEquals(CliRun.of(args).out(), enough.out());

        args[6] = "--host-memory=" + (least - 1024);
        CliRun less = CliRun.of(args);
        assertEquals(less.code(), 1);
        assertTrue(less.err().contains("hostMemory"), less.err());
    }

    @Test
    public void moreSequencesAndLongerOnesNeedMore() {
        long one = least(CliRun.of("plan", "--length=64", "--host-memory=64MB"));
        long longer = least(CliRun.of("plan", "--length=640", "--host-memory=64MB"));
        long four = least(CliRun.of("plan", "--length=64", "--batch=4", "--host-memory=64MB"));
        assertTrue(one < longer, one + " " + longer);
        assertTrue(one < four, one + " " + four);
    }

    /** Numbers that no machine has stand in the file: found, believed, and measured away. */
    @Test
    public void measureTakesTheBandwidthsAgain() throws IOException {
        String before = System.getProperty(KernelCache.PROPERTY);
        try (TemporaryDirectory folder = TemporaryDirectory.create("measure")) {
            System.setProperty(KernelCache.PROPERTY, folder.path().toString());
            assertEquals(CliRun.of("plan", "--host-memory=1GB").code(), 0);
            Path kept;
            try (Stream<Path> files = Files.list(folder.path().resolve("bandwidths"))) {
                kept = files.findFirst().orElseThrow();
            }
            String odd = "bandwidths 1\n77.0\n33.0\nInfinity\nInfinity\n";
            Files.writeString(kept, odd, StandardCharsets.UTF_8);
            CliRun believed = CliRun.of("plan", "--host-memory=1GB");
            assertTrue(believed.out().contains("77 B"), believed.out());
            assertTrue(believed.out().contains("33 B"), believed.out());
            CliRun measured = CliRun.of("plan", "--host-memory=1GB", "--measure");
            assertEquals(measured.code(), 0, measured.err());
            assertFalse(measured.out().contains("77 B"), measured.out());
            assertNotEquals(Files.readString(kept, StandardCharsets.UTF_8), odd);
        } finally {
            if (before == null) {
                System.clearProperty(KernelCache.PROPERTY);
            } else {
                System.setProperty(KernelCache.PROPERTY, before);
            }
        }
    }

    @Test
    public void theTableHasGroupsBudgetAndPrediction() {
        CliRun plan = CliRun.of("plan", "--host-memory=64MB");
        for (String part :
                new String[] {"layer.0 to layer.7", "KV cache", "least that works", "predicted"}) {
            assertTrue(plan.out().contains(part), part + " in " + plan.out());
        }
    }
}
