/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import io.offloadstream.checkpoint.CheckpointException;
import io.offloadstream.platform.OffloadStreamException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.TreeMap;

/** Finds the architecture of a configuration among those on the class path. */
public final class Architectures {

    private Architectures() {}

    /**
     * Finds the architecture of a configuration.
     *
     * @param config the parsed {@code config.json}
     * @return the architecture that its names ask for
     * @throws CheckpointException if none is known; the message lists the known names
     * @throws OffloadStreamException if an architecture on the class path cannot be loaded, or two
     *     claim one name
     */
    public static Architecture find(ModelConfig config) {
        return find(config, load());
    }

    static Architecture find(ModelConfig config, Iterable<Architecture> architectures) {
        Map<String, Architecture> byName = byName(architectures);
        List<String> wanted = config.architectureNames();
        return wanted.stream()
                .map(byName::get)
                .flatMap(found -> Optional.ofNullable(found).stream())
                .findFirst()
                .orElseThrow(
                        () ->
                                new CheckpointException(
                                        "no architecture for "
                                                + String.join(", ", wanted)
                                                + "; known: "
                                                + String.join(", ", byName.keySet())));
    }

    private static Map<String, Architecture> byName(Iterable<Architecture> architectures) {
        Map<String, Architecture> byName = new TreeMap<>();
        for (Architecture architecture : architectures) {
            for (String name : architecture.names()) {
                Architecture other = byName.put(name, architecture);
                if (other != null) {
                    throw new OffloadStreamException(
                            "two architectures are named "
                                    + name
                                    + ": "
                                    + other.getClass().getName()
                                    + " and "
                                    + architecture.getClass().getName()
                                    + "; remove one from the class path");
                }
            }
        }
        return byName;
    }

    /** The context loader sees what a user adds, the engine's own what ships beside it. */
    private static Iterable<Architecture> load() {
        Map<String, Architecture> found = new LinkedHashMap<>();
        List<ClassLoader> loaders = new ArrayList<>();
        loaders.add(Architecture.class.getClassLoader());
        ClassLoader context = Thread.currentThread().getContextClassLoader();
        if (context != null) {
            loaders.add(context);
        }
        try {
            for (ClassLoader loader : loaders) {
                for (Architecture architecture : ServiceLoader.load(Architecture.class, loader)) {
                    found.putIfAbsent(architecture.getClass().getName(), architecture);
                }
            }
        } catch (ServiceConfigurationError e) {
            throw new OffloadStreamException(
                    "an architecture cannot be loaded: " + e.getMessage(), e);
        }
        return found.values();
    }
}
