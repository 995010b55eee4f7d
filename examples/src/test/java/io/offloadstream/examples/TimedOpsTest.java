/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import static org.testng.Assert.assertEquals;

import io.offloadstream.ops.Ops;
import io.offloadstream.ops.Tensor;
import java.lang.reflect.Array;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

public class TimedOpsTest {

    /** Lists every operator. */
    @DataProvider
    public Object[][] operators() {
        return Arrays.stream(Ops.class.getMethods())
                .map(method -> new Object[] {method.getName()})
                .toArray(Object[][]::new);
    }

    /** What is done beside a product in one step is a step of its own, and not timed. */
    @Test(dataProvider = "operators")
    public void productsWithWeightsAloneAreTimed(String name) throws Exception {
        List<String> called = new ArrayList<>();
        Ops recorded =
                (Ops)
                        Proxy.newProxyInstance(
                                Ops.class.getClassLoader(),
                                new Class<?>[] {Ops.class},
                                (proxy, method, arguments) -> {
                                    long begin = System.nanoTime();
                                    while (System.nanoTime() == begin) {
                                        Thread.onSpinWait(); // so that it takes some time
                                    }
                                    called.add(method.getName());
                                    boolean several = method.getReturnType().isArray();
                                    return several ? new Tensor[2] : null;
                                });
        AtomicLong nanos = new AtomicLong();
        for (Method method : Ops.class.getMethods()) {
            if (method.getName().equals(name)) {
                method.invoke(new TimedOps(recorded, nanos), nothing(method));
            }
        }
        List<String> expected =
                switch (name) {
                    case "linearAdd" -> List.of("linear", "addInPlace");
                    case "gatedLinear" -> List.of("linears", "activateMultiply");
                    default -> List.of(name);
                };
        assertEquals(called, expected);
        boolean isProduct = name.startsWith("linear") || name.equals("gatedLinear");
        assertEquals(nanos.get() > 0, isProduct, name);
    }

    private static Object[] nothing(Method method) {
        return Arrays.stream(method.getParameterTypes())
                .map(type -> Array.get(Array.newInstance(type, 1), 0))
                .toArray();
    }
}
