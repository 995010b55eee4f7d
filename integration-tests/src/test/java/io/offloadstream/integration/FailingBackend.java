/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import io.offloadstream.device.Backend;
import io.offloadstream.device.SharedTable;
import io.offloadstream.device.Workspace;
import io.offloadstream.ops.Ops;
import io.offloadstream.platform.DeviceBuffer;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceMemoryException;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;
import java.lang.reflect.Method;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/** A device that works until it is told to fail: at the nth call of a kind from then on. */
final class FailingBackend {

    /** What may fail. */
    enum Fault {
        /** Of weights. */
        UPLOAD,
        /** Of any operator. */
        LAUNCH,
        SYNCHRONIZE,
        /** Of memory of the device, its tables and workspaces included. */
        ALLOCATE,
        /** Likewise, but the device says that it has no more. */
        MEMORY,
        /** Of anything it handed out and of itself, after that has been closed. */
        CLOSE,
        /** To say what it is called. */
        NAME
    }

    private static final Set<String> ALLOCATIONS = Set.of("allocate", "newTable", "newWorkspace");

    private final Backend device;
    private final AtomicInteger left = new AtomicInteger();
    private final AtomicInteger open = new AtomicInteger(1);
    private final Map<Object, Object> wrapped = new ConcurrentHashMap<>();
    private volatile Fault fault;
    private volatile boolean hit;

    /** Takes an open device over. */
    FailingBackend(Backend device) {
        this.device = device;
    }

    /**
     * Fails after so many calls that work: once, but for uploads. One that fails ahead of the pass
     * which needs it is done again, so all fail until this is {@link #repair repaired}.
     */
    void failAfter(Fault kind, int calls) {
        left.set(calls);
        hit = false;
        fault = kind;
    }

    /** Nothing fails any more. */
    void repair() {
        fault = null;
    }

    /** Whether it has failed as it was told. */
    boolean hasFailed() {
        return hit;
    }

    /** How much of what it handed out, and whether it itself, has not been closed. */
    int open() {
        return open.get();
    }

    private void reached(Fault kind) {
        int before = kind == fault ? left.getAndDecrement() : 1;
        if (before == 0 || (before < 0 && kind == Fault.UPLOAD)) {
            fault = kind == Fault.UPLOAD ? kind : null;
            hit = true;
            String message = "injected fault: " + kind;
            throw kind == Fault.MEMORY
                    ? new DeviceMemoryException(message)
                    : new DeviceException(message);
        }
    }

    Backend backend() {
        return Intercepted.proxy(Backend.class, this::call);
    }

    private Object call(Object proxy, Method method, Object[] arguments) throws Throwable {
        String name = method.getName();
        if (ALLOCATIONS.contains(name)) {
            reached(Fault.ALLOCATE);
            reached(Fault.MEMORY);
        }
        if (name.equals("name")) {
            reached(Fault.NAME);
        }
        if (name.equals("ops")) {
            // operators want the workspace that the device made
            arguments = new Object[] {wrapped.get(arguments[0]), arguments[1]};
        }
        if (name.equals("newStream")) {
            open.incrementAndGet();
        }
        Object result = Intercepted.invoke(device, method, arguments);
        if (name.equals("close")) {
            closed();
        }
        if (result instanceof DeviceBuffer && !(result instanceof HostMemory)) {
            return closing(DeviceBuffer.class, result);
        }
        if (result instanceof SharedTable) {
            return closing(SharedTable.class, result);
        }
        if (result instanceof Workspace) {
            return closing(Workspace.class, result);
        }
        if (result instanceof Ops ops) {
            return Intercepted.proxy(
                    Ops.class,
                    (p, operator, values) -> {
                        reached(Fault.LAUNCH);
                        return Intercepted.invoke(ops, operator, values);
                    });
        }
        // The compute stream is the device's own inside operators; here it is waited for
        return name.equals("newStream") || name.equals("computeStream")
                ? stream((DeviceStream) result)
                : result;
    }

    private DeviceStream stream(DeviceStream stream) {
        return Intercepted.proxy(
                DeviceStream.class,
                (p, method, arguments) -> {
                    if (method.getName().equals("upload")) {
                        reached(Fault.UPLOAD);
                    }
                    Object result = Intercepted.invoke(stream, method, arguments);
                    if (method.getName().equals("synchronize")) {
                        reached(Fault.SYNCHRONIZE);
                    }
                    if (method.getName().equals("close")) {
                        closed();
                    }
                    return result;
                });
    }

    private <T> T closing(Class<T> type, Object target) {
        open.incrementAndGet();
        T proxy =
                Intercepted.proxy(
                        type,
                        (p, method, arguments) -> {
                            if (method.getName().equals("hashCode")) {
                                return System.identityHashCode(p);
                            }
                            if (method.getName().equals("equals")) {
                                return p == arguments[0];
                            }
                            Object result = Intercepted.invoke(target, method, arguments);
                            if (method.getName().equals("close")) {
                                closed();
                            }
                            return result;
                        });
        wrapped.put(proxy, target);
        return proxy;
    }

    private void closed() {
        open.decrementAndGet();
        reached(Fault.CLOSE);
    }
}
