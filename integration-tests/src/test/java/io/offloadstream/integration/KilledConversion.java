/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import io.offloadstream.model.Conversion;
import io.offloadstream.model.ConversionOptions;
import io.offloadstream.quant.Packing;
import io.offloadstream.quant.Quantization;
import java.io.IOException;
import java.nio.file.Path;

/** Converts a model and halts the process after some bytes, without any cleaning up. */
final class KilledConversion {

    static final int EXIT_CODE = 77;

    private KilledConversion() {}

    /**
     * Runs it.
     *
     * @param args source, target, bytes after which to halt
     */
    public static void main(String[] args) throws IOException {
        long bytes = Long.parseLong(args[2]);
        Conversion.run(
                Path.of(args[0]),
                Path.of(args[1]),
                new ConversionOptions(null, Quantization.INT8, Packing.NONE, 2),
                (done, total) -> {
                    if (done >= bytes) {
                        Runtime.getRuntime().halt(EXIT_CODE);
                    }
                });
    }
}
