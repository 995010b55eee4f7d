/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.checkpoint.CheckpointException;
import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.platform.BudgetExceededException;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.MemorySize;
import io.offloadstream.quant.Quantization;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * What is said when the option {@code quantize} asks for more than memory holds: the copy that
 * streams instead, or the command that makes it, ready to be pasted. Nothing is written.
 */
final class QuantizeRefusal {

    /** What no shell takes for anything but itself. */
    private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9_./:@%+,-]+");

    private final Path source;
    private final String name;
    private final DType type;
    private final List<TensorEntry> weights;

    private QuantizeRefusal(Path directory, Quantization quantization, List<TensorEntry> weights) {
        this.source = absolute(directory);
        this.name = quantization.name().toLowerCase(Locale.ROOT);
        this.type = quantization.type().orElseThrow();
        this.weights = weights;
    }

    /** As it was typed, but that what lies above a link is not what its name says. */
    private static Path absolute(Path directory) {
        Path absolute = directory.toAbsolutePath();
        for (Path part : absolute) {
            if (part.toString().equals("..")) {
                try {
                    return absolute.toRealPath();
                } catch (IOException e) {
                    return absolute;
                }
            }
        }
        return absolute.normalize();
    }

    /**
     * Makes the refusal.
     *
     * @param directory the model
     * @param options with the quantization and the budget
     * @param weights of the model, quantised
     * @param enough bytes of hostMemory that would do
     * @return the exception
     */
    static BudgetExceededException of(
            Path directory, ModelOptions options, List<TensorEntry> weights, long enough) {
        QuantizeRefusal refusal = new QuantizeRefusal(directory, options.quantize(), weights);
        return new BudgetExceededException(
                directory
                        + ": quantize="
                        + refusal.name
                        + " quantises weights once, into memory, and hostMemory="
                        + MemorySize.format(options.hostMemoryBytes())
                        + " does not hold all of them; "
                        + enough
                        + " bytes would do, all else equal. With less, "
                        + refusal.remedy(),
                enough,
                options.hostMemoryBytes());
    }

    /** The command comes last: what is copied from its beginning to the end works. */
    private String remedy() {
        for (int number = 1; ; number++) {
            String ending = "-" + name + (number == 1 ? "" : "-" + number);
            Path target = Path.of(source + ending);
            if (isCopy(target)) {
                return "load the copy that streams, without quantize: " + quoted(target);
            }
            if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
                return "make a copy that streams and load that, without quantize: offloadstream"
                        + " convert "
                        + quoted(source)
                        + " "
                        + quoted(target)
                        + " --quantize "
                        + name;
            }
        }
    }

    /** Whether each matrix that would be quantised is quantised so there, from what it is now. */
    private boolean isCopy(Path target) {
        try {
            return Checkpoint.isPacked(target) && hasAll(Checkpoint.open(target));
        } catch (CheckpointException | IOException e) {
            return false; // damaged, or of something else: it is not proposed
        }
    }

    private boolean hasAll(Checkpoint copy) throws IOException {
        Checkpoint original = Checkpoint.open(source);
        List<TensorEntry> quantized =
                weights.stream().filter(weight -> weight.type() == type).toList();
        for (TensorEntry wanted : quantized) {
            TensorEntry stored = copy.find(wanted.name()).orElse(null);
            if (stored == null
                    || !same(stored, wanted)
                    || isOlder(stored, original.get(wanted.name()))) {
                return false;
            }
        }
        return !quantized.isEmpty();
    }

    private static boolean same(TensorEntry stored, TensorEntry wanted) {
        return stored.type() == wanted.type() && Arrays.equals(stored.shape(), wanted.shape());
    }

    /** Whether the weights were replaced since they were copied. */
    private static boolean isOlder(TensorEntry stored, TensorEntry original) throws IOException {
        return Files.getLastModifiedTime(stored.file())
                        .compareTo(Files.getLastModifiedTime(original.file()))
                < 0;
    }

    private static String quoted(Path path) {
        return quoted(path.toString(), File.separatorChar == '\\');
    }

    /**
     * Quotes a path for the shell that it is typed into.
     *
     * @param path absolute
     * @param windows whether that is PowerShell or cmd, where paths have no quotes of their own
     * @return it, in quotes where it needs them
     */
    static String quoted(String path, boolean windows) {
        if (windows) {
            return '"' + path + '"';
        }
        return PLAIN.matcher(path).matches() ? path : "'" + path.replace("'", "'\\''") + "'";
    }
}
