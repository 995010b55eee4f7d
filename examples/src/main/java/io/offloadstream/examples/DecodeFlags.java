/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import java.util.List;
import java.util.Map;
import picocli.CommandLine.Option;

/** How every case decodes, as flags of the benchmark and of its cases. */
final class DecodeFlags {

    @Option(
            names = "--kv-cache-type",
            paramLabel = "TYPE",
            defaultValue = "float32",
            description =
                    "Type of keys and values: float32, float16 or bfloat16. Default:"
                            + " ${DEFAULT-VALUE}.")
    private String kvCacheType;

    @Option(
            names = "--settle-seconds",
            paramLabel = "N",
            defaultValue = "15",
            description =
                    "How long a streamed case may look for the pace of its reads before it is"
                            + " timed, at most 60 tokens. More, such as 120, is for a full run."
                            + " Default: ${DEFAULT-VALUE}.")
    private int settleSeconds;

    /** How long a case may look for the pace of its reads. */
    int settleSeconds() {
        return settleSeconds;
    }

    /** Adds the options of a model. */
    void addTo(Map<String, String> options) {
        options.put("kvCacheType", kvCacheType);
    }

    /** The flags of a case that decodes so. */
    List<String> flags() {
        return List.of("--kv-cache-type=" + kvCacheType, "--settle-seconds=" + settleSeconds);
    }
}
