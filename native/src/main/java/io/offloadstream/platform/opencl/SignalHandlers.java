/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.opencl;

import com.sun.jna.Function;
import com.sun.jna.Memory;
import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import com.sun.jna.Pointer;
import java.util.concurrent.locks.ReentrantLock;

/**
 * What the process does at each signal, kept to be put back. Drivers that compile by LLVM (PoCL)
 * replace the handlers of the virtual machine, which lives by them: its threads stop at a page that
 * faults, null pointers are found by a fault, hooks run at SIGTERM. LLVM's handler is good for one
 * fault and leaves the default meanwhile (SA_RESETHAND), so that two threads that stop at a time
 * end the process with SIGSEGV and without a word. A driver may compile as soon as it is asked for
 * its devices.
 *
 * <p>One thread at a time keeps them, or another would take the driver's for the first ones.
 */
final class SignalHandlers {

    /** All that are older than the real-time ones. */
    private static final int SIGNALS = 31;

    /** More than struct sigaction takes anywhere; its first word is the handler's address. */
    private static final int ACTION_BYTES = 256;

    private static final ReentrantLock KEEPING = new ReentrantLock();

    private final Memory actions = new Memory((long) (SIGNALS + 1) * ACTION_BYTES);

    private SignalHandlers() {
        actions.clear();
    }

    /** Notes the handlers as they are; {@link #restore} must follow. */
    static SignalHandlers keep() {
        SignalHandlers handlers = null;
        KEEPING.lock();
        try {
            handlers = now();
            return handlers;
        } finally {
            if (handlers == null) {
                KEEPING.unlock();
            }
        }
    }

    /** Returns the handlers as they are, to be looked at only. */
    static SignalHandlers now() {
        SignalHandlers handlers = new SignalHandlers();
        if (!Platform.isWindows()) {
            Function sigaction = sigaction();
            for (int signal = 1; signal <= SIGNALS; signal++) {
                sigaction.invokeInt(new Object[] {signal, Pointer.NULL, handlers.action(signal)});
            }
        }
        return handlers;
    }

    private static Function sigaction() {
        return NativeLibrary.getInstance(Platform.C_LIBRARY_NAME).getFunction("sigaction");
    }

    private Pointer action(int signal) {
        return actions.share((long) signal * ACTION_BYTES, ACTION_BYTES);
    }

    /** Returns the address of a handler, 0 for the default. */
    long handler(int signal) {
        return action(signal).getLong(0);
    }

    /** Tells whether others are in place by now. */
    boolean areReplaced() {
        SignalHandlers current = now();
        for (int signal = 1; signal <= SIGNALS; signal++) {
            if (current.handler(signal) != handler(signal)) {
                return true;
            }
        }
        return false;
    }

    /** Puts those back that were replaced since {@link #keep}. */
    void restore() {
        try {
            SignalHandlers current = now();
            for (int signal = 1; signal <= SIGNALS; signal++) {
                if (current.handler(signal) != handler(signal)) {
                    sigaction().invokeInt(new Object[] {signal, action(signal), Pointer.NULL});
                }
            }
        } finally {
            KEEPING.unlock();
        }
    }
}
