/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import static org.testng.Assert.assertEquals;
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
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.testng.annotations.AfterMethod;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.Test;

public class MachineSpeedTest {

    private static final String KEPT = "bandwidths 1\n11.0\n22.0\nInfinity\nInfinity\n";

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

    @Test
    public void whatWasMeasuredIsFoundAgainUntilItIsMeasuredAgain() throws IOException {
        try (Backend cpu = cpu(1);
                Backend other = cpu(2)) {
            assertEquals(MachineSpeed.known(cpu, file), Optional.empty());
            Bandwidths measured = MachineSpeed.find(cpu, file);
            assertTrue(measured.diskBytesPerSecond() > 1e5, measured.toString());
            assertEquals(measured.busBytesPerSecond(), Double.POSITIVE_INFINITY);
            assertEquals(MachineSpeed.known(cpu, file), Optional.of(measured));
            assertEquals(MachineSpeed.known(other, file), Optional.empty(), "another device");

            Files.writeString(kept().get(0), KEPT, StandardCharsets.UTF_8);
            assertEquals(MachineSpeed.find(cpu, file), new Bandwidths(11, 22), "not measured");
            assertNotEquals(MachineSpeed.measure(cpu, file), new Bandwidths(11, 22));
            assertNotEquals(MachineSpeed.find(cpu, file), new Bandwidths(11, 22), "kept");
        }
    }

    @Test
    public void aDamagedFileIsMeasuredAgain() throws IOException {
        try (Backend cpu = cpu(1)) {
            MachineSpeed.find(cpu, file);
            Path damaged = kept().get(0);
            Files.writeString(damaged, "bandwidths 1\nx", StandardCharsets.UTF_8);
            assertEquals(MachineSpeed.known(cpu, file), Optional.empty());
            Bandwidths measured = MachineSpeed.find(cpu, file);
            assertEquals(MachineSpeed.known(cpu, file), Optional.of(measured));
            assertEquals(kept(), List.of(damaged));
        }
    }
}
