/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.stream.StreamOptions.Io;
import io.offloadstream.stream.StreamOptions.SchedulerKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;

/** A directory per test, and the check that no reader is left behind. */
public abstract class WeightFixture {

    protected Path directory;

    @BeforeMethod
    void createDirectory() throws IOException {
        directory = Files.createTempDirectory("weights");
    }

    @AfterMethod(alwaysRun = true)
    void deleteDirectory() throws IOException {
        try (var files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
        RandomWeights.requireNoReaders();
    }

    static StreamOptions options(Io io, int prefetch, int readers) {
        return new StreamOptions(io, SchedulerKind.LOOKAHEAD, prefetch, readers, null);
    }

    /** STREAMED groups that the plan does not keep. */
    static List<Integer> streamed(ResidencyPlan plan, int[] order) {
        return Arrays.stream(order).filter(group -> !plan.isResident(group)).boxed().toList();
    }
}
