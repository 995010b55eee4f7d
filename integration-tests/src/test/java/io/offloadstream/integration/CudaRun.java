/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.util.PairList;
import com.sun.jna.NativeLibrary;
import io.offloadstream.engine.OfsSymbolBlock;
import io.offloadstream.engine.TokenStream;
import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.ModelPlan;
import io.offloadstream.model.Session;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenBatch;
import io.offloadstream.model.TokenChooser;
import io.offloadstream.ops.ComputeType;
import io.offloadstream.platform.Storage;
import io.offloadstream.stream.StreamStats;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;

/**
 * The main class of a JVM with {@link FakeCuda}: runs a model by OpenCL and by CUDA. Arguments: the
 * model, the folder of the libraries, the file that takes the {@link Findings}.
 */
final class CudaRun {

    private static final long SEED = 11;
    private static final int PROMPT = 41;
    private static final int TOKENS = 5;
    private static final long MEMORY_BYTES = 512L << 20;

    /** What a model gave. */
    private record Result(float[] logits, int[] tokens) {}

    /**
     * What was found.
     *
     * @param same the ways by CUDA that gave OpenCL's bits; all others gave its tokens and numbers
     * @param errors by the type that activations were rounded to
     */
    record Findings(String same, Map<ComputeType, Rounding> errors) {

        static Findings parse(String text) {
            List<String> lines = text.lines().toList();
            Map<ComputeType, Rounding> errors = new EnumMap<>(ComputeType.class);
            for (String line : lines.subList(1, lines.size())) {
                String[] parts = line.split(" ", 3);
                double relative = Double.parseDouble(parts[1]);
                double divergence = Double.parseDouble(parts[2]);
                errors.put(ComputeType.valueOf(parts[0]), new Rounding(relative, divergence));
            }
            return new Findings(lines.get(0), errors);
        }

        String format() {
            StringBuilder text = new StringBuilder(same);
            errors.forEach(
                    (type, error) ->
                            text.append("\n" + type + " " + error.relative + " ")
                                    .append(error.divergence));
            return text.toString();
        }
    }

    /**
     * What rounding costs.
     *
     * @param relative ||rounded - exact|| / ||exact|| of the logits of a prompt
     * @param divergence the mean of KL(exact || rounded) over its tokens, in nats
     */
    record Rounding(double relative, double divergence) {}

    private CudaRun() {}

    public static void main(String[] arguments) throws Exception {
        Path model = Path.of(arguments[0]);
        Path libraries = Path.of(arguments[1]);
        FakeCuda.install(libraries, Path.of(arguments[2] + ".cache"));
        Result expected = run(model, options("opencl"));
        List<String> same = new ArrayList<>();
        for (Map.Entry<String, Map<String, String>> way : ways(model).entrySet()) {
            Result found = run(model, way.getValue());
            String what = "seed " + SEED + ", " + way.getKey();
            Closeness.assertClose(found.logits(), expected.logits(), null, what);
            if (!Arrays.equals(found.tokens(), expected.tokens())) {
                throw new AssertionError(what + ": " + Arrays.toString(found.tokens()));
            }
            if (Arrays.equals(found.logits(), expected.logits())) {
                same.add(way.getKey());
            }
        }
        requireOutputsPinned(model, libraries);
        same.sort(null);
        Findings findings = new Findings(String.join(", ", same), errors(model, expected.logits()));
        Files.writeString(Path.of(arguments[2]), findings.format());
    }

    /** The library rounds activations as matrix units do, which the driver that poses has not. */
    private static Map<ComputeType, Rounding> errors(Path model, float[] exact) {
        Map<ComputeType, Rounding> errors = new EnumMap<>(ComputeType.class);
        Map<String, String> library = Budgets.with(options("cuda"), "gemm", "cublas");
        for (ComputeType type : List.of(ComputeType.FLOAT16, ComputeType.BFLOAT16)) {
            String name = type.name().toLowerCase(Locale.ROOT);
            float[] rounded = run(model, Budgets.with(library, "computeType", name)).logits();
            double relative = Closeness.relative(rounded, exact);
            errors.put(type, new Rounding(relative, Closeness.divergence(exact, rounded, PROMPT)));
        }
        return errors;
    }

    /** A copy into other memory would hold up whoever enqueues the parts of the head behind it. */
    private static void requireOutputsPinned(Path directory, Path libraries) throws Exception {
        NativeLibrary fake =
                NativeLibrary.getInstance(libraries.resolve("libfakecuda.so").toString());
        for (TokenChooser chooser : List.of(new Likeliest(0), new Likeliest(3))) {
            try (ZooModel<NDList, NDList> model =
                            Djl.loadLogits(directory, Djl.ENGINE, options("cuda"));
                    NDManager manager = model.getNDManager().newSubManager()) {
                long[] prompt = new Random(SEED).longs(PROMPT, 0, 16).toArray();
                NDList input = new NDList(manager.create(new long[][] {prompt}));
                PairList<String, Object> parameters = new PairList<>();
                parameters.add(OfsSymbolBlock.TOKEN_CHOOSER, chooser);
                OfsSymbolBlock block = (OfsSymbolBlock) model.getBlock();
                long all = get(fake, "cuMemcpyDtoHAsync_v2");
                long unpinned = get(fake, "unpinned_downloads");
                try (TokenStream tokens = block.forwardStreamIter(null, input, false, parameters)) {
                    for (int i = 0; i < TOKENS; i++) {
                        tokens.next().close();
                    }
                }
                all = get(fake, "cuMemcpyDtoHAsync_v2") - all;
                unpinned = get(fake, "unpinned_downloads") - unpinned;
                if (all < TOKENS || unpinned != 0) {
                    throw new AssertionError(
                            unpinned
                                    + " of "
                                    + all
                                    + " copies from the card went into memory that is not pinned,"
                                    + " best "
                                    + chooser.bestLogits());
                }
            }
        }
    }

    private static long get(NativeLibrary fake, String name) {
        return fake.getFunction("fake_get").invokeLong(new Object[] {name});
    }

    /** Takes the first of some logits, or of all. */
    private record Likeliest(int bestLogits) implements TokenChooser {

        @Override
        public int next(FloatBuffer logits) {
            int best = 0;
            for (int i = 1; i < logits.limit(); i++) {
                best = logits.get(i) > logits.get(best) ? i : best;
            }
            return best;
        }

        @Override
        public int next(FloatBuffer values, IntBuffer ids) {
            return ids.get(0);
        }
    }

    private static Map<String, String> options(String backend) {
        Map<String, String> options = Budgets.plenty(1, PROMPT + TOKENS, "direct");
        options.put("backend", backend);
        options.put("deviceMemory", Long.toString(MEMORY_BYTES));
        return options;
    }

    /**
     * All on the card, weights from disk, the cache on the host, products and reads by a library.
     */
    private static Map<String, Map<String, String>> ways(Path model) {
        Map<String, String> plenty = options("cuda");
        ModelPlan plan = ModelPlan.of(model, ModelOptions.parse(plenty), Storage.local());
        Map<String, String> least = Budgets.with(plenty, "deviceMemory", plan.deviceLeastBytes());
        long host = plan.leastBytes() + plan.logitsBytes(1, PROMPT);
        Map<String, Map<String, String>> ways = new HashMap<>();
        ways.put("resident", plenty);
        ways.put("host groups", least);
        ways.put("disk", Budgets.with(least, "hostMemory", host));
        ways.put("KV on the host", Budgets.with(plenty, "kvCachePlacement", "host"));
        ways.put("cuBLAS", Budgets.with(plenty, "gemm", "cublas"));
        Map<String, String> gds = Budgets.with(plenty, "io", "gds");
        ModelPlan gdsPlan = ModelPlan.of(model, ModelOptions.parse(gds), Storage.local());
        ways.put(
                "GDS",
                Budgets.with(
                        Budgets.with(gds, "deviceMemory", gdsPlan.deviceLeastBytes()),
                        "hostMemory",
                        gdsPlan.leastBytes() + gdsPlan.logitsBytes(1, PROMPT)));
        return ways;
    }

    private static boolean readByCuFile(StreamStats stats) {
        return stats.ioName().startsWith("GDS") && stats.upload().bytesFromDisk() > 0;
    }

    private static Result run(Path directory, Map<String, String> options) {
        try (StreamedModel model = StreamedModel.open(directory, ModelOptions.parse(options))) {
            if (!model.backendName().startsWith(options.get("backend"))) {
                throw new AssertionError(model.backendName());
            }
            int vocab = model.decoder().vocabSize();
            int[] prompt = new Random(SEED).ints(PROMPT, 0, vocab).toArray();
            float[] logits;
            try (Session session = model.newSession(1)) {
                TokenBatch batch = new TokenBatch(PROMPT, prompt, null, null);
                logits = Runs.all(model, session, batch).logits();
            }
            Result result = new Result(logits, Runs.greedy(model, prompt, TOKENS));
            if (options.get("io").equals("gds") && !readByCuFile(model.stats())) {
                throw new AssertionError(model.stats().toTable());
            }
            return result;
        }
    }
}
