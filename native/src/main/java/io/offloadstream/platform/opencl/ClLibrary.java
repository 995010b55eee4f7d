/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.lwjgl.opencl.CL;
import org.lwjgl.system.Configuration;
import org.lwjgl.system.Platform;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The system's OpenCL library, loaded once. The system property {@code org.lwjgl.opencl.libname}
 * names another one.
 */
final class ClLibrary {

    /** Names and handles only: LWJGL's own default is 64 KB off the heap for each thread. */
    private static final int STACK_KB = 8;

    private static final Logger LOG = LoggerFactory.getLogger(ClLibrary.class);

    private static String problem;
    private static boolean missing;

    private ClLibrary() {}

    /**
     * Loads the library at the first call.
     *
     * @return why it cannot be used, in one line; empty if it can
     */
    static synchronized String load() {
        if (problem == null) {
            problem = tryLoad();
        }
        return problem;
    }

    /** Tells whether there is none, rather than one that cannot be used. */
    static synchronized boolean isMissing() {
        return missing;
    }

    private static String tryLoad() {
        try {
            if (Configuration.DEBUG_STREAM.get() == null && !Configuration.DEBUG.get(false)) {
                // What it has to say about a library that is missing is said by the caller
                Configuration.DEBUG_STREAM.set(
                        new PrintStream(
                                OutputStream.nullOutputStream(), false, StandardCharsets.UTF_8));
            }
            if (Configuration.MEMORY_ALLOCATOR.get() == null) {
                Configuration.MEMORY_ALLOCATOR.set("system");
            }
            if (Configuration.STACK_SIZE.get() == null) {
                Configuration.STACK_SIZE.set(STACK_KB);
            }
            Configuration.OPENCL_EXPLICIT_INIT.set(true);
            create();
            if (CL.getICD().clEnqueueMarkerWithWaitList == 0) {
                return "the OpenCL library is older than 1.2";
            }
            return "";
        } catch (LinkageError e) {
            missing = true;
            return "no OpenCL library: " + firstLine(e);
        }
    }

    private static void create() {
        try {
            if (Platform.get() == Platform.LINUX
                    && Configuration.OPENCL_LIBRARY_NAME.get() == null) {
                CL.create("libOpenCL.so.1"); // the name without a number comes with headers only
            } else {
                CL.create();
            }
        } catch (IllegalStateException e) {
            // Another part of the application has loaded it, which serves as well
            LOG.debug("{}", e.getMessage());
        }
    }

    private static String firstLine(Throwable e) {
        Throwable cause = e.getCause() == null ? e : e.getCause();
        String message = String.valueOf(cause.getMessage());
        return message.lines().findFirst().orElse(cause.toString());
    }
}
