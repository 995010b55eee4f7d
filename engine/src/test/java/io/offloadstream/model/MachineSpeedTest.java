/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertNotEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.device.Backend;
import io.offloadstream.device.Backends;
import io.offloadstream.ops.ComputeType;
import io.offloadstream.plan.Bandwidths;
import io.offloadstream.platform.gpu.KernelCache;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.Test;

public class MachineSpeedTest {

    private static final String KEPT = "bandwidths 1\n11.0\n22.0\nInfinity\nInfinity\n";

    private static final Bandwidths KEPT_NUMBERS = new Bandwidths(11, 22);

    /**
     * A power of two as budgets are rounded down to, far below what a whole measurement takes, and
     * enough for one on a machine of many processors.
     */
    private static final long ROOM_BYTES =
            Math.max(16 << 20, Long.highestOneBit(2 * Bandwidths.leastBytes() - 1));

    private Path folder;
    private Path file;
    private String before;

    @BeforeMethod
    public void useAFolderOfItsOwn() throws IOException {
        folder = Files.createTempDirectory("speed");
        file = Files.write(folder.resolve("weights.bin"), new byte[9_000_000]);
        before = System.setProperty(KernelCache.PROPERTY, folder.resolve("cache").toString());
    }

    @AfterMethod(alwaysRun = true)
    public void restore() throws IOException {
        if (before == null) {
            System.clearProperty(KernelCache.PROPERTY);
        } else {
            System.setProperty(KernelCache.PROPERTY, before);
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path path : files.sorted((a, b) -> b.compareTo(a)).toList()) {
                Files.delete(path);
            }
        }
    }

    private static Backend cpu(int threads) {
        return Backends.open("cpu", Backends.ANY_DEVICE, threads, ComputeType.FLOAT32);
    }

    private List<Path> kept() throws IOException {
        try (Stream<Path> files = Files.list(folder.resolve("cache/bandwidths"))) {
            return files.toList();
        }
    }

    private static ModelOptions options(String... namesAndValues) {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            options.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        return ModelOptions.parse(options);
    }

    @Test
    public void whatWasMeasuredIsFoundAgainUntilItIsMeasuredAgain() throws IOException {
        ModelOptions options = options("hostMemory", "2GB");
        try (Backend cpu = cpu(1);
                Backend other = cpu(2)) {
            assertEquals(MachineSpeed.known(cpu, file, options), Optional.empty());
            Bandwidths measured = MachineSpeed.find(cpu, file, options);
            assertTrue(measured.diskBytesPerSecond() > 1e5, measured.toString());
            assertEquals(measured.busBytesPerSecond(), Double.POSITIVE_INFINITY);
            assertEquals(MachineSpeed.known(cpu, file, options), Optional.of(measured));
            assertEquals(MachineSpeed.known(other, file, options), Optional.empty());

            Files.writeString(kept().get(0), KEPT, StandardCharsets.UTF_8);
            assertEquals(MachineSpeed.find(cpu, file, options), KEPT_NUMBERS, "not measured");
            assertNotEquals(MachineSpeed.measure(cpu, file), KEPT_NUMBERS);
            assertNotEquals(MachineSpeed.find(cpu, file, options), KEPT_NUMBERS, "kept");
        }
    }

    @Test
    public void aDamagedFileIsMeasuredAgain() throws IOException {
        ModelOptions options = options("hostMemory", "2GB");
        try (Backend cpu = cpu(1)) {
            MachineSpeed.find(cpu, file, options);
            Path damaged = kept().get(0);
            Files.writeString(damaged, "bandwidths 1\nx", StandardCharsets.UTF_8);
            assertEquals(MachineSpeed.known(cpu, file, options), Optional.empty());
            Bandwidths measured = MachineSpeed.find(cpu, file, options);
            assertEquals(MachineSpeed.known(cpu, file, options), Optional.of(measured));
            assertEquals(kept(), List.of(damaged));
        }
    }

    /** Numbers that less memory gave are for those who have no more. */
    @Test
    public void whatASmallBudgetGaveIsKeptApart() throws IOException {
        ModelOptions little = options("hostMemory", "" + ROOM_BYTES);
        ModelOptions more = options("hostMemory", "" + (2 * ROOM_BYTES - 1));
        ModelOptions less = options("hostMemory", "" + (ROOM_BYTES - 1));
        ModelOptions much = options("hostMemory", "2GB");
        try (Backend cpu = cpu(1)) {
            Bandwidths measured = MachineSpeed.find(cpu, file, little);
            assertEquals(MachineSpeed.known(cpu, file, little), Optional.of(measured));
            assertEquals(MachineSpeed.known(cpu, file, more), Optional.of(measured));
            assertEquals(MachineSpeed.known(cpu, file, less), Optional.empty());
            assertEquals(MachineSpeed.known(cpu, file, much), Optional.empty());

            Files.writeString(kept().get(0), KEPT, StandardCharsets.UTF_8);
            assertEquals(MachineSpeed.known(cpu, file, little), Optional.of(KEPT_NUMBERS));
            Bandwidths whole = MachineSpeed.measure(cpu, file);
            assertEquals(MachineSpeed.known(cpu, file, much), Optional.of(whole));
            assertEquals(MachineSpeed.known(cpu, file, little), Optional.of(whole), "better");
        }
    }

    @Test
    public void aBudgetThatHoldsNoMeasurementTakesTypicalNumbersAndKeepsNone() {
        try (Backend cpu = cpu(1)) {
            Bandwidths typical = MachineSpeed.find(cpu, file, options("hostMemory", "1MB"));
            assertEquals(
                    typical,
                    new Bandwidths(
                            Bandwidths.TYPICAL.diskBytesPerSecond(),
                            Bandwidths.TYPICAL.memoryBytesPerSecond()));
            assertFalse(Files.exists(folder.resolve("cache/bandwidths")));
        }
    }
}
