/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.offloadstream.device.Backends;
import io.offloadstream.platform.OffloadStreamException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import org.testng.SkipException;
import org.testng.annotations.Test;
import picocli.CommandLine;

public class BenchCommandTest {

    private static final LlamaShape SMALL = LlamaShape.ofSize(40_000_000);

    /** Keys of a token of the small model. */
    private static final int KV_WIDTH = SMALL.layers() * SMALL.kvHeads() * SMALL.headDim();

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
                        "--context=33",
                        "--settle-seconds=1",
                        "--kv-cache-type=float16",
                        "--weights=bf16,lossless,int8,int4",
                        "--compute-type=int8",
                        "--json=" + json,
                        "--directory=" + directory);
        assertEquals(run.code(), 0, run.err() + run.out());
        for (String figure :
                new String[] {
                    "decode bf16 in memory +weights read +[0-9.]+ GB/s +[0-9.]+ GB/s +[0-9.]+ "
                            + " +[0-9.]+ GB/s +[0-9.]+ +memory reads",
                    "prefill of 9, bf16 +products +[0-9.]+ GFLOP/s +[0-9.]+ GFLOP/s",
                    "decode bf16, hostMemory=20MB +disk read +[0-9.]+ GB/s +[0-9.]+ GB/s",
                    "peak RSS +[0-9.]+ GB",
                    "decode bf16, hostMemory=20MB +readers' CPU time per token +[0-9.]+ ms",
                    "decode lossless, hostMemory=20MB +disk read",
                    "decode int8 in memory +weights read",
                    "decode int8 after 33 +weights read +[0-9.]+ GB/s +[0-9.]+ GB/s +[0-9.]+ "
                            + " +[0-9.]+ GB/s +[0-9.]+ +memory reads",
                    "decode bf16 after 33 +outside weight products +[0-9.]+ %",
                    "decode bf16 after 33 +keys and values per token +[0-9.]+ GB",
                    "decode int4 in memory +weights read",
                    "decode int4 with int8 activations in memory +weights read",
                    "prefill of 9, int8 with int8 activations +products +[0-9.]+ GOP/s",
                    "decode int8 with int8 activations, hostMemory=20MB +disk read",
                    "so small a model"
                }) {
            assertTrue(Pattern.compile(figure).matcher(run.out()).find(), figure + run.out());
        }
        requireEveryRound(json);
    }

    private static void requireEveryRound(Path json) throws IOException {
        JsonArray figures =
                JsonParser.parseString(Files.readString(json, UTF_8))
                        .getAsJsonObject()
                        .getAsJsonArray("figures");
        double read = 0;
        for (JsonElement figure : figures) {
            JsonObject object = figure.getAsJsonObject();
            String name = object.get("name").getAsString();
            if (object.get("workload").getAsString().equals("decode bf16, hostMemory=20MB")
                    && name.equals("disk read per token")) {
                read = object.get("value").getAsDouble();
            }
            if (name.equals("disk read") || name.equals("weights read")) {
                JsonObject rounds = object.getAsJsonObject("rounds");
                assertEquals(rounds.getAsJsonArray("values").size(), 3, "a round of each token");
                assertEquals(rounds.getAsJsonArray("limits").size(), 4);
            }
            if (name.equals("speed") || name.equals("outside weight products")) {
                int rounds = object.get("workload").getAsString().startsWith("prefill") ? 5 : 3;
                JsonObject raw = object.getAsJsonObject("rounds");
                assertEquals(raw.getAsJsonArray("values").size(), rounds, object.toString());
            }
            if (name.equals("keys and values per token")) {
                // keys and values of 33 tokens, in float16
                double bytes = 2.0 * 33 * KV_WIDTH * 2;
                assertEquals(object.get("value").getAsDouble(), bytes / 1e9, 1e-12);
            }
            if (name.equals("outside weight products")) {
                double share = object.get("value").getAsDouble();
                assertTrue(share > 0 && share < 100, "percent outside of products: " + share);
            }
        }
        assertTrue(read > 0.01 && read < 0.04, "GB read per token: " + read);
    }

    /** A round that was disturbed, or a limit that was, moves nothing. */
    @Test
    public void aShareIsTheMedianOfRoundsByTheirNeighbouringLimits() {
        // the machine gets faster by half, then slower again; one round in between fails badly
        BenchRounds rounds =
                new BenchRounds(
                        List.of(9.0, 13.5, 2.0, 13.5, 9.5),
                        List.of(10.0, 10.0, 20.0, 15.0, 12.0, 8.0));
        // 0.9, 13.5 / 15 = 0.9, 2 / 17.5, 13.5 / 13.5 = 1, 9.5 / 10 = 0.95
        assertEquals(rounds.share(), 0.9, 1e-12);
        assertEquals(rounds.value(), 9.5);
        assertEquals(rounds.limit(), 11.0);
        assertEquals(rounds.bestLimit(), 20.0);
        assertEquals(rounds.shareOfBest(), 9.5 / 20, 1e-12);
        BenchRounds even = new BenchRounds(List.of(4.0, 1.0), List.of(4.0, 6.0, 4.0));
        assertEquals(even.share(), (0.8 + 0.2) / 2, 1e-12);
        assertEquals(even.value(), 2.5);
    }

    @Test
    public void roundsNeedALimitBeforeTheFirstAndAfterEach() {
        expectThrows(
                IllegalArgumentException.class,
                () -> new BenchRounds(List.of(1.0, 2.0), List.of(1.0, 2.0)));
        expectThrows(
                IllegalArgumentException.class, () -> new BenchRounds(List.of(), List.of(1.0)));
        assertFalse(new BenchRounds(List.of(1.0), List.of()).isBounded());
    }

    @Test
    public void aTypeThatTheCpuHasNotIsRefused() {
        for (String[] flags :
                new String[][] {
                    {"--compute-type=float16", "--weights=bf16,int8"},
                    {"--compute-type=bfloat16", "--weights=int8,int4"},
                    {"--compute-type=int8", "--weights=bf16,lossless"}
                }) {
            CliRun run = CliRun.of("bench", flags[0], flags[1]);
            assertEquals(run.code(), 2, run.out());
            assertTrue(run.err().contains("--compute-type"), run.err());
        }
    }

    @Test
    public void aTypeOfKeysThatIsUnknownIsRefused() {
        CliRun run = CliRun.of("bench", "--kv-cache-type=int3");
        assertEquals(run.code(), 2, run.out());
        assertTrue(run.err().contains("kvCacheType"), run.err());
    }

    @Test
    public void aMedianShareAboveOneFailsTheBenchmark() {
        BenchReport report = new BenchReport();
        BenchRounds oneAbove =
                new BenchRounds(List.of(10.1, 12.0, 10.0), List.of(10.0, 10.0, 10.0, 10.0));
        report.add(new BenchFigure("decode", "weights read", "GB/s", oneAbove, "memory reads"));
        report.add(BenchFigure.of("decode", "speed", 99, "tokens/s"));
        report.checkLimits();
        BenchRounds above = new BenchRounds(List.of(1.03, 2.06, 2.06), List.of(1.0, 1.0, 3.0, 1.0));
        report.add(new BenchFigure("decode", "disk read", "GB/s", above, "direct reads"));
        OffloadStreamException thrown =
                expectThrows(OffloadStreamException.class, report::checkLimits);
        assertTrue(thrown.getMessage().contains("disk read reached 1.030"), thrown.getMessage());
        assertTrue(thrown.getMessage().contains("of 3 rounds"), thrown.getMessage());
    }

    @Test
    public void aDiskIsMeasuredWithTheLargeFilesOfACheckpoint() throws IOException {
        try (TemporaryDirectory temporary = TemporaryDirectory.create("disk")) {
            Path directory = temporary.path();
            for (String name : new String[] {"layer_001.bin", "layer_000.bin", "a.safetensors"}) {
                Files.write(directory.resolve(name), new byte[1 << 20]);
            }
            Files.write(directory.resolve("norm.bin"), new byte[(1 << 20) - 1]);
            Files.write(directory.resolve("tokenizer.json"), new byte[1 << 20]);
            List<String> names =
                    DiskSetting.files(directory).stream()
                            .map(file -> file.getFileName().toString())
                            .toList();
            assertEquals(names, List.of("a.safetensors", "layer_000.bin", "layer_001.bin"));
        }
    }

    @Test
    public void theCommandFailsOverAFigureAboveItsLimitAfterPrintingIt() {
        BenchCommand command = new BenchCommand();
        StringWriter out = new StringWriter();
        new CommandLine(command).setOut(new PrintWriter(out, true)).parseArgs();
        BenchReport report = new BenchReport();
        BenchRounds above = new BenchRounds(List.of(1.5), List.of(1.0, 1.0));
        report.add(new BenchFigure("decode", "disk read", "GB/s", above, "direct reads"));
        report.note("the pace had not settled");
        expectThrows(
                OffloadStreamException.class, () -> command.publish(report, LlamaShape.LLAMA_1B));
        assertTrue(out.toString().contains("1.500 GB/s"), out.toString());
        assertTrue(out.toString().startsWith("the pace had not settled"), out.toString());
        assertTrue(report.json().contains("the pace had not settled"), report.json());
        out.getBuffer().setLength(0);
        command.publish(report, SMALL);
        assertTrue(out.toString().contains("so small a model"), out.toString());
    }

    @Test
    public void jsonHasEveryRound() {
        BenchReport report = new BenchReport();
        BenchRounds rounds = new BenchRounds(List.of(3.0, 2.0), List.of(4.0, 4.0, 6.0));
        report.add(new BenchFigure("decode", "weights read", "GB/s", rounds, "memory reads"));
        BenchRounds speeds = new BenchRounds(List.of(7.0, 5.0, 8.0), List.of());
        report.add(BenchFigure.of("decode", "speed", speeds, "tokens/s"));
        JsonArray figures =
                JsonParser.parseString(report.json()).getAsJsonObject().getAsJsonArray("figures");
        JsonObject bounded = figures.get(0).getAsJsonObject();
        assertEquals(bounded.get("value").getAsDouble(), 2.5);
        assertEquals(bounded.get("limit").getAsDouble(), 4.0);
        assertEquals(bounded.get("ratio").getAsDouble(), (0.75 + 0.4) / 2, 1e-12);
        assertEquals(bounded.get("bestLimit").getAsDouble(), 6.0);
        assertEquals(bounded.get("ratioToBest").getAsDouble(), 2.5 / 6, 1e-12);
        JsonObject raw = bounded.getAsJsonObject("rounds");
        assertEquals(raw.getAsJsonArray("values").toString(), "[3.0,2.0]");
        assertEquals(raw.getAsJsonArray("limits").toString(), "[4.0,4.0,6.0]");
        JsonObject unbounded = figures.get(1).getAsJsonObject();
        assertEquals(unbounded.get("value").getAsDouble(), 7.0);
        assertFalse(unbounded.has("limit"));
        JsonObject values = unbounded.getAsJsonObject("rounds");
        assertEquals(values.getAsJsonArray("values").toString(), "[7.0,5.0,8.0]");
        assertFalse(values.has("limits"));
    }

    @Test
    public void aDevicePrintsItsFigures() throws IOException {
        try {
            Backends.devices().choose("opencl", Backends.ANY_DEVICE);
        } catch (IllegalArgumentException | OffloadStreamException e) {
            throw new SkipException("no OpenCL device: " + e.getMessage(), e);
        }
        CliRun run;
        try (TemporaryDirectory peers = TemporaryDirectory.create("peers")) {
            Files.writeString(peers.path().resolve("gpu_peers.py"), "");
            run =
                    CliRun.of(
                            "bench",
                            "--size=40MB",
                            "--backend=opencl",
                            "--device-memory=30MB",
                            "--host-memory=30MB",
                            "--tokens=3",
                            "--peers=" + peers.path(),
                            "--directory=" + Path.of("target", "bench"));
        }
        assertEquals(run.code(), 0, run.err() + run.out());
        for (String figure :
                new String[] {
                    "computing with opencl",
                    "no peers: they run on CUDA, this is opencl:",
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
    public void peersNeedADeviceAndTheirProgram() {
        try (TemporaryDirectory empty = TemporaryDirectory.create("no-peers")) {
            for (String[] flags :
                    new String[][] {
                        {"--peers=" + empty.path()},
                        {"--peers=" + empty.path(), "--backend=opencl"},
                    }) {
                List<String> arguments = new ArrayList<>(List.of(flags));
                arguments.add(0, "bench");
                CliRun run = CliRun.of(arguments.toArray(String[]::new));
                assertEquals(run.code(), 2, run.out());
                assertTrue(run.err().contains("--peers"), run.err());
            }
        }
    }

    /** Found only after the cases, it would cost all their figures. */
    @Test
    public void peersNeedABudgetInBytes() throws IOException {
        try (TemporaryDirectory peers = TemporaryDirectory.create("peers")) {
            Files.writeString(peers.path().resolve(PeerBench.PROGRAM), "");
            for (String memory : new String[] {"auto", "80%"}) {
                CliRun run =
                        CliRun.of(
                                "bench",
                                "--backend=cuda",
                                "--peers=" + peers.path(),
                                "--size=8MB",
                                "--directory=" + Path.of("target", "bench-peers"),
                                "--device-memory=" + memory);
                assertEquals(run.code(), 2, run.out() + run.err());
                assertTrue(run.err().contains("--peers needs --device-memory in"), run.err());
            }
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
