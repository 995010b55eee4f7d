/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.offloadstream.device.Backends;
import io.offloadstream.platform.OffloadStreamException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Pattern;
import org.testng.SkipException;
import org.testng.annotations.Test;

public class BenchCommandTest {

    @Test
    public void everyCasePrintsItsFiguresBesideTheirLimits() throws IOException {
        Path directory = Path.of("target", "bench");
        Path json = Path.of("target", "bench.json");
        CliRun run =
                CliRun.of(
                        "bench",
                        "--size=40MB",
                        "--host-memory=20MB",
                        "--tokens=3",
                        "--prompt=9",
                        "--weights=bf16,lossless,int8,int4",
                        "--compute-type=int8",
                        "--json=" + json,
                        "--directory=" + directory);
        assertEquals(run.code(), 0, run.err() + run.out());
        for (String figure :
                new String[] {
                    "decode bf16 in memory +weights read +[0-9.]+ GB/s +[0-9.]+ GB/s +[0-9.]+ "
                            + " +memory reads",
                    "prefill of 9, bf16 +products +[0-9.]+ GFLOP/s +[0-9.]+ GFLOP/s",
                    "decode bf16, hostMemory=20MB +disk read +[0-9.]+ GB/s +[0-9.]+ GB/s",
                    "peak RSS +[0-9.]+ GB",
                    "decode lossless, hostMemory=20MB +disk read",
                    "decode int8 in memory +weights read",
                    "decode int4 in memory +weights read",
                    "decode int4 with int8 activations in memory +weights read",
                    "prefill of 9, int8 with int8 activations +products +[0-9.]+ GOP/s",
                    "decode int8 with int8 activations, hostMemory=20MB +disk read",
                    "so small a model"
                }) {
            assertTrue(Pattern.compile(figure).matcher(run.out()).find(), figure + run.out());
        }
        JsonArray figures =
                JsonParser.parseString(Files.readString(json, UTF_8))
                        .getAsJsonObject()
                        .getAsJsonArray("figures");
        double read = 0;
        for (JsonElement figure : figures) {
            JsonObject object = figure.getAsJsonObject();
            if (object.get("workload").getAsString().equals("decode bf16, hostMemory=20MB")
                    && object.get("name").getAsString().equals("disk read per token")) {
                read = object.get("value").getAsDouble();
            }
        }
        assertTrue(read > 0.01 && read < 0.04, "GB read per token: " + read);
    }

    @Test
    public void aTypeThatTheCpuHasNotIsRefused() {
        for (String[] flags :
                new String[][] {
                    {"--compute-type=bfloat16", "--weights=bf16"},
                    {"--compute-type=int8", "--weights=bf16,lossless"}
                }) {
            CliRun run = CliRun.of("bench", flags[0], flags[1]);
            assertEquals(run.code(), 2, run.out());
            assertTrue(run.err().contains("--compute-type"), run.err());
        }
    }

    @Test
    public void aFigureAboveItsLimitFailsTheBenchmark() {
        BenchReport report = new BenchReport();
        report.add(new BenchFigure("decode", "weights read", 10.1, "GB/s", "memory reads", 10));
        report.add(BenchFigure.of("decode", "speed", 99, "tokens/s"));
        report.checkLimits();
        report.add(new BenchFigure("decode", "disk read", 1.03, "GB/s", "direct reads", 1));
        OffloadStreamException thrown =
                expectThrows(OffloadStreamException.class, report::checkLimits);
        assertTrue(thrown.getMessage().contains("disk read reached 1.030"), thrown.getMessage());
    }

    @Test
    public void aDevicePrintsItsFigures() {
        try {
            Backends.devices().choose("opencl", Backends.ANY_DEVICE);
        } catch (IllegalArgumentException | OffloadStreamException e) {
            throw new SkipException("no OpenCL device: " + e.getMessage(), e);
        }
        CliRun run =
                CliRun.of(
                        "bench",
                        "--size=40MB",
                        "--backend=opencl",
                        "--device-memory=30MB",
                        "--host-memory=30MB",
                        "--tokens=3",
                        "--directory=" + Path.of("target", "bench"));
        assertEquals(run.code(), 0, run.err() + run.out());
        for (String figure :
                new String[] {
                    "computing with opencl",
                    "decode in device memory +weights read +[0-9.]+ GB/s +[0-9.]+ GB/s",
                    "prefill of 512 in float32 +products +[0-9.]+ TFLOP/s +[0-9.]+ TFLOP/s",
                    "deviceMemory=30MB, the rest in host memory +moved +[0-9.]+ GB/s",
                    "deviceMemory=30MB, hostMemory=30MB +moved +[0-9.]+ GB/s",
                    "copies under computation +[0-9.]+ %"
                }) {
            assertTrue(Pattern.compile(figure).matcher(run.out()).find(), figure + run.out());
        }
    }

    @Test
    public void aDiskInMemoryIsRefused() throws IOException {
        Path memory = Path.of("/dev/shm");
        if (!Files.isWritable(memory) || !Files.getFileStore(memory).type().equals("tmpfs")) {
            throw new SkipException("/dev/shm is no tmpfs here");
        }
        CliRun run = CliRun.of("bench", "--size=8MB", "--directory=" + memory);
        assertEquals(run.code(), 1);
        assertTrue(run.err().contains("is memory"), run.err());
    }
}
