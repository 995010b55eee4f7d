/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.testng.SkipException;
import org.testng.annotations.BeforeMethod;
import org.testng.annotations.Test;

/** With a torch and a program of its own beside it, for which no card is needed. */
public class PeerBenchTest {

    private static final String CARD =
            "class cuda:\n    is_available = staticmethod(lambda: True)\n";

    private final StringWriter out = new StringWriter();
    private BenchReport report;

    @BeforeMethod
    public void requirePython() throws InterruptedException {
        out.getBuffer().setLength(0);
        report = new BenchReport();
        try {
            int code =
                    new ProcessBuilder("python3", "--version")
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start()
                            .waitFor();
            if (code != 0) {
                throw new SkipException("no python3: exit code " + code);
            }
        } catch (IOException e) {
            throw new SkipException("no python3: " + e.getMessage(), e);
        }
    }

    @Test
    public void theProgramGetsTheCheckpointAndTheBudget() throws Exception {
        String program =
                "import json, os, pathlib, sys\n"
                        + "hf = pathlib.Path(sys.argv[1]) / 'hf'\n"
                        + "index = json.loads((hf / 'model.safetensors.index.json').read_text())\n"
                        + "config = json.loads((hf / 'config.json').read_text())\n"
                        + "size = (hf / 'model.safetensors').stat().st_size\n"
                        + "print('loading')\n"
                        + "print(json.dumps({'case': 'fake', 'flags': sys.argv[2:], 'size': size,"
                        + " 'blocks': config['num_hidden_layers'],"
                        + " 'files': index['weight_map']}))\n";
        LlamaShape shape = LlamaShape.ofSize(LlamaShape.LEAST_BYTES);
        long size = run(CARD, program, shape);
        JsonObject json = JsonParser.parseString(report.json()).getAsJsonObject();
        assertEquals(json.getAsJsonArray("notes").size(), 0, report.json());
        assertEquals(json.getAsJsonArray("peers").size(), 1, report.json());
        JsonObject peer = json.getAsJsonArray("peers").get(0).getAsJsonObject();
        assertEquals(
                peer.getAsJsonArray("flags").toString(),
                "[\"--device-memory\",\"1500MB\",\"--tokens\",\"5\"]");
        assertEquals(peer.get("size").getAsLong(), size);
        assertEquals(peer.get("blocks").getAsInt(), shape.layers());
        JsonObject files = peer.getAsJsonObject("files");
        assertEquals(files.size(), 9 * shape.layers() + 2);
        assertEquals(files.get("model.norm.weight").getAsString(), "model.safetensors");
        assertTrue(out.toString().startsWith("{\"case\": \"fake\""), out.toString());
    }

    @Test
    public void whatIsMissingIsSaidInOneLine() throws Exception {
        LlamaShape shape = LlamaShape.ofSize(LlamaShape.LEAST_BYTES);
        run("raise ImportError('libcudart is missing')\n", "print('{}')\n", shape);
        assertEquals(out.toString(), "");
        assertEquals(
                report.table().lines().findFirst().orElseThrow(),
                "no peers: python3 says ImportError: libcudart is missing");
    }

    @Test
    public void aFailedProgramIsNotedWithItsLastLine() throws Exception {
        LlamaShape shape = LlamaShape.ofSize(LlamaShape.LEAST_BYTES);
        run(CARD, "print('{\"case\": 1}')\nraise MemoryError('too large')\n", shape);
        assertTrue(report.json().contains("\"case\": 1"), report.json());
        String note = "gpu_peers.py ended with code 1: MemoryError: too large";
        assertEquals(report.table().lines().findFirst().orElseThrow(), note);
    }

    /** Of a library that ends no line on stderr. */
    @Test
    public void progressDoesNotHideFigures() throws Exception {
        String program =
                "import sys\n"
                        + "sys.stderr.write('loading 100%')\n"
                        + "sys.stderr.flush()\n"
                        + "print('{\"case\": 7}')\n";
        run(CARD, program, LlamaShape.ofSize(LlamaShape.LEAST_BYTES));
        JsonObject json = JsonParser.parseString(report.json()).getAsJsonObject();
        assertEquals(json.getAsJsonArray("notes").size(), 0, report.json());
        assertEquals(json.getAsJsonArray("peers").toString(), "[{\"case\":7}]");
    }

    @Test
    public void aProgramWithoutFiguresIsNoted() throws Exception {
        run(CARD, "print('all is well')\n", LlamaShape.ofSize(LlamaShape.LEAST_BYTES));
        String note = report.table().lines().findFirst().orElseThrow();
        assertTrue(note.startsWith("gpu_peers.py printed no figures; its errors are in "), note);
        assertTrue(note.endsWith("errors.txt"), note);
    }

    @Test
    public void whatCannotBeLinkedIsNotedBesideTheFigures() throws Exception {
        LlamaShape shape = LlamaShape.ofSize(LlamaShape.LEAST_BYTES);
        run(
                CARD,
                "print('{}')\n",
                shape,
                checkpoint -> Files.createFile(checkpoint.resolve("peers")));
        String note = report.table().lines().findFirst().orElseThrow();
        String start = "no peers: gpu_peers.py could not be run: ";
        assertTrue(note.startsWith(start + "java.nio.file.FileSystemException"), note);
    }

    /** Something done to a checkpoint before the program runs. */
    private interface Preparation {
        void prepare(Path checkpoint) throws IOException;
    }

    private long run(String torch, String program, LlamaShape shape) throws Exception {
        return run(torch, program, shape, checkpoint -> {});
    }

    /** Returns the size of the checkpoint's file. */
    private long run(String torch, String program, LlamaShape shape, Preparation preparation)
            throws Exception {
        try (TemporaryDirectory directory = TemporaryDirectory.create("peers")) {
            Path programs = Files.createDirectories(directory.path().resolve("programs"));
            Path checkpoint = directory.path().resolve("checkpoint");
            new SyntheticCheckpoint(shape, 3)
                    .make(checkpoint, new PrintWriter(Writer.nullWriter()));
            preparation.prepare(checkpoint);
            Files.writeString(programs.resolve("torch.py"), torch);
            Files.writeString(programs.resolve("accelerate.py"), "");
            Files.writeString(programs.resolve("transformers.py"), "");
            Files.writeString(programs.resolve(PeerBench.PROGRAM), program);
            PeerBench bench = new PeerBench(new PrintWriter(out, true), programs);
            bench.run(report, checkpoint, 1_500_000_000L, 5);
            return Files.size(checkpoint.resolve(SyntheticCheckpoint.FILE));
        }
    }
}
