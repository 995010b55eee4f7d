/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.gpu.Gpu;
import io.offloadstream.platform.gpu.GpuKernel;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicLong;

/** A device that counts what its streams copy to host memory. */
final class MeteredGpu {

    private final AtomicLong downloadedBytes = new AtomicLong();

    /** Returns the device, which takes another over. */
    Gpu meter(Gpu gpu) {
        return Intercepted.proxy(
                Gpu.class,
                (proxy, method, arguments) -> {
                    Object result = Intercepted.invoke(gpu, method, arguments);
                    if (result instanceof DeviceStream stream) {
                        return Intercepted.proxy(DeviceStream.class, new Metered(stream));
                    }
                    return result instanceof GpuKernel kernel ? launching(kernel) : result;
                });
    }

    /** Bytes that were copied to host memory since this was asked for. */
    long downloadedBytes() {
        return downloadedBytes.getAndSet(0);
    }

    /** A stream, and what kernels are launched on in its place. */
    private final class Metered implements InvocationHandler {

        private final DeviceStream stream;

        Metered(DeviceStream stream) {
            this.stream = stream;
        }

        @Override
        public Object invoke(Object proxy, Method method, Object[] arguments) throws Throwable {
            if (method.getName().equals("download")) {
                downloadedBytes.addAndGet((long) arguments[3] * (int) arguments[4]);
            }
            return Intercepted.invoke(stream, method, arguments);
        }
    }

    private static GpuKernel launching(GpuKernel kernel) {
        return Intercepted.proxy(
                GpuKernel.class,
                (proxy, method, arguments) -> {
                    if (method.getName().equals("launch")) {
                        Metered target = (Metered) Proxy.getInvocationHandler(arguments[0]);
                        arguments[0] = target.stream;
                    }
                    Object result = Intercepted.invoke(kernel, method, arguments);
                    return result == kernel ? proxy : result;
                });
    }
}
