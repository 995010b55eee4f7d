/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.platform.DeviceException;
import io.offloadstream.stream.StreamOptions.Io;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Copies ahead of a pass that fail when the pass which asked for them has ended. */
public class LateFailureTest extends DeviceFixture {

    /** All of it, through two slots. */
    private static final Shape STREAMED = new Shape(0, 0, 2, 16, 4096);

    /** When the device comes to the copy that fails. */
    private enum When {
        BEFORE_THE_PASS,
        BEFORE_THE_LEASE,
        AFTER_THE_LEASE
    }

    @DataProvider
    Object[][] times() {
        return new Object[][] {
            {When.BEFORE_THE_PASS}, {When.BEFORE_THE_LEASE}, {When.AFTER_THE_LEASE},
        };
    }

    @Test(dataProvider = "times", timeOut = 600_000)
    public void aCopyThatFailsLateFailsNoMoreThanThePassThatNeedsIt(When when) throws Exception {
        RandomWeights weights = new RandomWeights(directory, 7, 9, 6);
        int ahead = uploadsOfTheFirstPass(weights);
        on(
                7,
                weights,
                STREAMED,
                options(Io.DIRECT, 1, 1),
                bench -> {
                    Random random = new Random(1);
                    CountDownLatch fault = bench.device().holdFaults();
                    bench.device().failUpload(ahead);
                    bench.runPass(weights.order(), random);
                    awaitUpload(bench, ahead);
                    if (when == When.BEFORE_THE_PASS) {
                        fault.countDown();
                        bench.device().copies().awaitIdle();
                        bench.runPass(weights.order(), random);
                    } else {
                        DeviceException e =
                                expectThrows(
                                        DeviceException.class, () -> runInto(bench, fault, when));
                        assertTrue(e.getMessage().contains("injected fault"), e.getMessage());
                    }
                    assertEquals(bench.device().failingUploads().size(), 0);
                    bench.runPass(weights.order(), random);
                    bench.runPass(weights.order(), random);
                });
    }

    /** One reader that reads nothing ahead: what comes after is the first copy ahead. */
    private int uploadsOfTheFirstPass(RandomWeights weights) throws Exception {
        int[] uploads = new int[3];
        on(
                7,
                weights,
                STREAMED,
                options(Io.DIRECT, 0, 1),
                bench -> {
                    for (int i = 0; i < uploads.length; i++) {
                        bench.runPass(weights.order(), new Random(1));
                        uploads[i] = bench.device().uploads().get();
                    }
                });
        assertEquals(uploads[2] - uploads[1], uploads[1] - uploads[0]);
        return uploads[0];
    }

    private static void awaitUpload(Bench bench, int number) {
        while (bench.device().uploads().get() <= number) {
            Thread.onSpinWait();
        }
    }

    private static void runInto(Bench bench, CountDownLatch fault, When when) {
        try (StreamPass pass = bench.stream().begin(bench.weights().order())) {
            if (when == When.BEFORE_THE_LEASE) {
                fault.countDown();
                bench.device().copies().awaitIdle();
            }
            for (int i = 0; i < bench.weights().streamedCount(); i++) {
                try (GroupLease lease = pass.next()) {
                    bench.compute(lease);
                }
                if (i == 0) {
                    fault.countDown();
                }
            }
            bench.device().compute().synchronize();
        }
    }
}
