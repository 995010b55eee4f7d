/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import io.offloadstream.device.Backend;
import io.offloadstream.device.Workspace;
import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Phase;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicLong;

/**
 * How long a backend computes products with weights, as who calls it sees that: the threads'
 * hand-over and their waiting for each other are in it.
 */
final class ProductClock {

    private static final Method OPS = opsMethod();

    private final AtomicLong nanos = new AtomicLong();

    private static Method opsMethod() {
        try {
            return Backend.class.getMethod("ops", Workspace.class, Phase.class);
        } catch (NoSuchMethodException e) {
            throw new IllegalStateException("a backend has no operators", e);
        }
    }

    /**
     * Returns the same backend with operators that are timed.
     *
     * @param backend that computes when an operator returns: the CPU
     */
    Backend time(Backend backend) {
        return (Backend)
                Proxy.newProxyInstance(
                        Backend.class.getClassLoader(),
                        new Class<?>[] {Backend.class},
                        (proxy, method, arguments) -> {
                            Object result;
                            try {
                                result = method.invoke(backend, arguments);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                            return method.equals(OPS) ? new TimedOps((Ops) result, nanos) : result;
                        });
    }

    /**
     * Returns the time of all products so far.
     *
     * @return nanoseconds
     */
    long nanos() {
        return nanos.get();
    }
}
