/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.model;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.plan.Prediction;
import io.offloadstream.plan.Prediction.Stage;
import io.offloadstream.stream.ReadPace;
import io.offloadstream.stream.StreamOptions.Io;
import io.offloadstream.stream.StreamStats;
import io.offloadstream.stream.StreamStats.PassRecord;
import java.util.List;
import java.util.Optional;
import org.testng.annotations.Test;

public class PredictionReportTest {

    /** Two seconds for the disk, half of one for the bus. */
    private static final Prediction PREDICTED =
            new Prediction(
                    List.of(
                            new Stage("disk", 2_000_000_000, 1e9),
                            new Stage("bus", 5_000_000_000L, 1e10)),
                    1_000_000_000);

    private static final long HOST_BYTES = 1_500_000_000;

    private static PassRecord pass(long number, boolean isComplete, long bytes, double seconds) {
        long nanos = (long) (seconds * 1e9);
        return new PassRecord(number, isComplete, List.of(0), 0, bytes, HOST_BYTES, 0, 0, nanos);
    }

    private static StreamStats stats(PassRecord... passes) {
        return new StreamStats(
                Io.DIRECT,
                Optional.empty(),
                passes.length,
                new StreamStats.ReadStage(0, 0, 0, 0, 0, 0),
                new StreamStats.UploadStage(0, 0, 0, 0, 0, 0),
                new StreamStats.ComputeStage(0, 0, 0),
                new StreamStats.GatherStage(0, 0, 0, 0),
                List.of(passes),
                0,
                0,
                0,
                new ReadPace(8, 4 << 20, 2),
                true);
    }

    @Test
    public void theSlowestStageIsThePrediction() {
        assertEquals(PREDICTED.seconds(), 2.0);
        assertEquals(PREDICTED.bottleneck().name(), "disk");
        assertTrue(PREDICTED.toString().contains("bottleneck: disk"), PREDICTED.toString());
    }

    /** The first pass also reads what stays, and one that was cut short took less. */
    @Test
    public void theMedianOfWholePassesAfterTheFirstIsCompared() {
        String text =
                PredictionReport.print(
                        PREDICTED,
                        stats(
                                pass(1, true, 9_000_000_000L, 50),
                                pass(2, true, 2_100_000_000, 3),
                                pass(3, false, 1, 0.001),
                                pass(4, true, 2_000_000_000, 2.5),
                                pass(5, true, 8_000_000_000L, 40)));
        assertTrue(text.contains("(disk), median of the last 3 passes"), text);
        assertTrue(text.contains(": 1.50 times"), text);
        assertTrue(text.contains("predicted 2.00 GB from disk per token, median 2.10 GB"), text);
        assertTrue(
                text.contains(
                        "predicted 4.00 GB of weights over the bus per token, median 3.60 GB"),
                text);
    }

    @Test
    public void withoutABusNothingIsSaidOfIt() {
        Prediction host = new Prediction(PREDICTED.stages().subList(0, 1), 0);
        String text = PredictionReport.print(host, stats(pass(2, true, 2_100_000_000, 3)));
        assertTrue(text.contains("from disk") && !text.contains("bus"), text);
    }

    @Test
    public void withoutPassesToCompareNothingIsClaimed() {
        assertEquals(PredictionReport.print(PREDICTED, stats()), "");
        assertEquals(PredictionReport.print(PREDICTED, stats(pass(1, true, 5, 1))), "");
        assertEquals(PredictionReport.print(PREDICTED, stats(pass(2, false, 5, 1))), "");
    }
}
