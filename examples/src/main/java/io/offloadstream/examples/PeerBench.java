/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.offloadstream.checkpoint.Checkpoint;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Runs a Python program that times others on the same checkpoint and budget of a card, in the same
 * run: {@code python3 gpu_peers.py WORK --device-memory SIZE --tokens N}, where {@code WORK/hf} has
 * the checkpoint as transformers reads it. It prints a JSON object for each case, in a line.
 */
final class PeerBench {

    /** The program. */
    static final String PROGRAM = "gpu_peers.py";

    private static final String PYTHON = "python3";

    private static final String CHECK =
            "import torch, accelerate, transformers\n"
                    + "assert torch.cuda.is_available(), 'torch sees no CUDA device'\n";

    private static final long MEGA = 1_000_000;

    private final PrintWriter out;
    private final Path programs;

    /**
     * Prepares a run.
     *
     * @param out what is going on
     * @param programs where {@link #PROGRAM} is
     */
    PeerBench(PrintWriter out, Path programs) {
        this.out = out;
        this.programs = programs.toAbsolutePath();
    }

    /**
     * Runs it, or notes why not: there is no Python, torch, accelerate or transformers, or no card,
     * or the checkpoint cannot be linked.
     *
     * @param report is given what it prints
     * @param checkpoint of one safetensors file
     * @param deviceMemoryBytes of the streamed cases
     * @param tokens decoded in each case
     * @throws InterruptedException if interrupted, which is seen when the program closes its output
     */
    void run(BenchReport report, Path checkpoint, long deviceMemoryBytes, int tokens)
            throws InterruptedException {
        try {
            Outcome check =
                    run(
                            new ProcessBuilder(PYTHON, "-c", CHECK).redirectErrorStream(true),
                            line -> {});
            if (check.code() != 0) {
                report.note("no peers: " + PYTHON + " says " + check.lastLine());
                return;
            }
        } catch (IOException e) {
            report.note("no peers: " + e.getMessage());
            return;
        }
        try {
            Path work = link(checkpoint.toAbsolutePath());
            List<String> command =
                    List.of(
                            PYTHON,
                            programs.resolve(PROGRAM).toString(),
                            work.toString(),
                            "--device-memory",
                            deviceMemoryBytes / MEGA + "MB",
                            "--tokens",
                            Integer.toString(tokens));
            // Apart: a progress bar would share its line with the figures that follow
            Path errors = work.resolve("errors.txt");
            ProcessBuilder process = new ProcessBuilder(command).redirectError(errors.toFile());
            List<String> figures = new ArrayList<>();
            Outcome outcome = run(process, line -> take(report, line, figures));
            if (outcome.code() != 0) {
                report.note(
                        PROGRAM + " ended with code " + outcome.code() + ": " + lastLine(errors));
            } else if (figures.isEmpty()) {
                report.note(PROGRAM + " printed no figures; its errors are in " + errors);
            }
        } catch (IOException | UnsupportedOperationException e) {
            report.note("no peers: " + PROGRAM + " could not be run: " + e);
        }
    }

    private void take(BenchReport report, String line, List<String> figures) {
        if (!line.startsWith("{")) {
            return; // progress of a library
        }
        try {
            JsonObject peer = JsonParser.parseString(line).getAsJsonObject();
            report.addPeer(peer);
            figures.add(line);
            out.println(line);
            out.flush();
        } catch (JsonParseException e) {
            report.note(PROGRAM + " printed what is no JSON: " + line + " (" + e + ")");
        }
    }

    /** Makes a directory of the program's, in which the checkpoint is linked, with an index. */
    private static Path link(Path checkpoint) throws IOException {
        Path work = checkpoint.resolve("peers");
        Path target = Files.createDirectories(work.resolve("hf"));
        for (String name : List.of("config.json", SyntheticCheckpoint.FILE)) {
            Path link = target.resolve(name);
            Files.deleteIfExists(link);
            Files.createSymbolicLink(link, checkpoint.resolve(name));
        }
        JsonObject files = new JsonObject();
        for (String tensor : Checkpoint.open(checkpoint).tensors().keySet()) {
            files.addProperty(tensor, SyntheticCheckpoint.FILE);
        }
        JsonObject metadata = new JsonObject();
        metadata.addProperty(
                "total_size", Files.size(checkpoint.resolve(SyntheticCheckpoint.FILE)));
        JsonObject index = new JsonObject();
        index.add("metadata", metadata);
        index.add("weight_map", files);
        String json = new GsonBuilder().setPrettyPrinting().create().toJson(index);
        Files.writeString(target.resolve(SyntheticCheckpoint.FILE + ".index.json"), json, UTF_8);
        return work;
    }

    private static String lastLine(Path errors) throws IOException {
        return new String(Files.readAllBytes(errors), UTF_8)
                .lines()
                .filter(line -> !line.isBlank())
                .reduce("nothing", (before, line) -> line);
    }

    /** How a process ended, and what it printed last. */
    private record Outcome(int code, String lastLine) {}

    /** Runs in the directory of the programs, so that Python finds what lies beside them. */
    private Outcome run(ProcessBuilder command, Consumer<String> lines)
            throws IOException, InterruptedException {
        Process process = command.directory(programs.toFile()).start();
        String last = "nothing";
        try (BufferedReader output = process.inputReader(UTF_8)) {
            String line = output.readLine();
            while (line != null) {
                lines.accept(line);
                last = line.isBlank() ? last : line;
                line = output.readLine();
            }
            return new Outcome(process.waitFor(), last);
        } finally {
            process.destroy();
        }
    }
}
