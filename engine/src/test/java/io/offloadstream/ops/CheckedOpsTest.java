/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.ops;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.platform.Activation;
import io.offloadstream.platform.DType;
import java.util.function.Consumer;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Shapes of results, scratch memory that is counted, and messages of operands that do not fit. */
public class CheckedOpsTest {

    private static final KvView CACHE =
            new KvView(0, KvPlacement.DEVICE, 0, 1, 0, 0, 8, 2, 6, DType.F32, 0, 0); // 2 heads of 6
    private static final RowMap ROWS = new RowMap(3, 0, 0, 0);
    private static final RopeTable ROPE = new RopeTable(f32(3, 3), f32(3, 3), false);

    private static Tensor f32(long... shape) {
        return new Tensor(DType.F32, 0, shape);
    }

    private static Tensor i32(long... shape) {
        return new Tensor(DType.I32, 0, shape);
    }

    private static Tensor bf16(long... shape) {
        return new Tensor(DType.BF16, 0, shape);
    }

    @Test
    public void resultsHaveTheShapeOfTheOperator() {
        Ops ops = new MeasuringOps(ScratchRules.NONE);
        Tensor x = f32(3, 24);
        assertEquals(ops.rmsNorm(x, bf16(24), 0).shape(), new long[] {3, 24});
        assertEquals(ops.layerNorm(x, bf16(24), null, 0).shape(), new long[] {3, 24});
        assertEquals(ops.linear(x, bf16(7, 24), null).shape(), new long[] {3, 7});
        assertEquals(ops.linearTransposed(x, bf16(24, 7), bf16(7)).shape(), new long[] {3, 7});
        Tensor blocks = new Tensor(DType.Q8_0, 0, 7, 64); // along the input, so (out, in)
        assertEquals(ops.linearTransposed(f32(3, 64), blocks, bf16(7)).shape(), new long[] {3, 7});
        assertEquals(ops.columns(x, 4, 9).shape(), new long[] {3, 5});
        assertEquals(ops.rope(x, 6, ROPE).shape(), new long[] {3, 24});
        AttentionSpec spec = new AttentionSpec(4, 1, 0);
        assertEquals(ops.attention(x, CACHE, ROWS, spec).shape(), new long[] {3, 24});
        assertEquals(ops.activate(Activation.RELU, x).shape(), new long[] {3, 24});
        assertEquals(ops.activateMultiply(Activation.RELU, x, x).shape(), new long[] {3, 24});
    }

    @Test
    public void measuringCountsEachResultAndKeepsThePeak() {
        MeasuringOps ops = new MeasuringOps(ScratchRules.NONE);
        assertEquals(ops.peakBytes(), ScratchSize.FIXED_BYTES);
        ops.linear(f32(3, 5), bf16(7, 5), null); // 84 bytes take 128
        ops.columns(f32(3, 5), 1, 2); // 12 bytes take 64
        assertEquals(ops.peakBytes(), ScratchSize.FIXED_BYTES + 192);
        ops.reset();
        ops.columns(f32(3, 5), 1, 2);
        ops.allocate(DType.I64, 9); // 72 bytes take 128
        assertEquals(ops.peakBytes(), ScratchSize.FIXED_BYTES + 192);
        ops.addInPlace(f32(3, 5), f32(3, 5));
        ops.gather(new long[3], DType.F16, f32(3, 5));
        assertEquals(ops.peakBytes(), ScratchSize.FIXED_BYTES + 192, "these take nothing");
        ops.columns(f32(3, 5), 1, 2);
        assertEquals(ops.peakBytes(), ScratchSize.FIXED_BYTES + 256);
    }

    @DataProvider
    public Object[][] misfits() {
        Tensor x = f32(3, 12);
        AttentionSpec four = new AttentionSpec(4, 1, 0);
        Tensor[] none = {};
        return new Object[][] {
            misfit("rmsNorm", "F32[3, 12]", "BF16[13]", o -> o.rmsNorm(x, bf16(13), 0)),
            misfit("rmsNorm", "BF16[3, 12]", "", o -> o.rmsNorm(bf16(3, 12), bf16(12), 0)),
            misfit("layerNorm", "BF16[11]", "12", o -> o.layerNorm(x, bf16(12), bf16(11), 0)),
            misfit("layerNorm", "BF16[12]", "F32[12]", o -> o.layerNorm(x, bf16(12), f32(12), 0)),
            misfit("linear", "F32[3, 12]", "BF16[12, 7]", o -> o.linear(x, bf16(12, 7), null)),
            misfit("linear", "BF16[8]", "7", o -> o.linear(x, bf16(7, 12), bf16(8))),
            misfit("linears", "no weight", "F32[3, 12]", o -> o.linears(x, none, none)),
            misfit("linearInto", "F32[3, 9]", "3", o -> o.linearInto(x, bf16(7, 12), f32(3, 9), 3)),
            misfit("linearInto", "F32[4, 9]", "0", o -> o.linearInto(x, bf16(7, 12), f32(4, 9), 0)),
            misfit(
                    "linearTransposed",
                    "[3, 12]",
                    "[7, 12]",
                    o -> o.linearTransposed(x, bf16(7, 12), null)),
            misfit("columns", "F32[3, 12]", "[4, 13)", o -> o.columns(x, 4, 13)),
            misfit("columns", "F32[3, 12]", "[4, 4)", o -> o.columns(x, 4, 4)),
            misfit("rope", "F32[3, 12]", "5", o -> o.rope(x, 5, ROPE)),
            misfit("rope", "F32[4, 12]", "F32[3, 3]", o -> o.rope(f32(4, 12), 6, ROPE)),
            misfit("rope", "F32[3, 12]", "F32[3, 3]", o -> o.rope(x, 4, ROPE)),
            misfit(
                    "storeKv",
                    "F32[3, 13]",
                    "2 heads of 6",
                    o -> o.storeKv(f32(3, 13), x, CACHE, ROWS)),
            misfit("storeKv", "F32[4, 12]", "3 rows", o -> o.storeKv(f32(4, 12), x, CACHE, ROWS)),
            misfit("storeKv", "F32[3, 12]", "F32[3, 6]", o -> o.storeKv(x, f32(3, 6), CACHE, ROWS)),
            misfit(
                    "attention",
                    "F32[3, 12]",
                    "4 heads of 6",
                    o -> o.attention(x, CACHE, ROWS, four)),
            misfit(
                    "attention",
                    "heads=3",
                    "2 heads",
                    o -> o.attention(f32(3, 18), CACHE, ROWS, new AttentionSpec(3, 1, 0))),
            misfit("activate", "BF16[3, 12]", "F32", o -> o.activate(Activation.SILU, bf16(3, 12))),
            misfit(
                    "activateMultiply",
                    "F32[3, 12]",
                    "F32[3, 13]",
                    o -> o.activateMultiply(Activation.SILU, x, f32(3, 13))),
            misfit("addInPlace", "F32[3, 12]", "F32[4, 12]", o -> o.addInPlace(x, f32(4, 12))),
            misfit("copy", "F32[3, 12]", "F32[12, 3]", o -> o.copy(x, f32(12, 3))),
            misfit("gather", "4 rows", "F32[3, 12]", o -> o.gather(new long[4], DType.F16, x)),
            misfit(
                    "linearTransposed",
                    "Q8_0[64, 7]",
                    "blocks",
                    o -> o.linearTransposed(f32(3, 64), new Tensor(DType.Q8_0, 0, 64, 7), null)),
            misfit("gather", "3 rows", "Q4_0", o -> o.gather(new long[3], DType.Q4_0, f32(3, 24))),
            misfit("gather", "3 rows", "I8", o -> o.gather(new long[3], DType.I8, x)),
            misfit("top", "F32[3, 0]", "I32[3, 0]", o -> o.top(x, 0, f32(3, 0), i32(3, 0))),
        };
    }

    @DataProvider
    public Object[][] misfitsOfStepsTogether() {
        Tensor x = f32(3, 12);
        return new Object[][] {
            misfit(
                    "ropeAndStoreKv",
                    "F32[3, 13]",
                    "6",
                    o -> o.ropeAndStoreKv(f32(3, 13), x, x, ROPE, CACHE, ROWS)),
            misfit(
                    "ropeAndStoreKv",
                    "F32[3, 18]",
                    "2 heads of 6",
                    o -> o.ropeAndStoreKv(x, f32(3, 18), x, ROPE, CACHE, ROWS)),
            misfit(
                    "ropeAndStoreKv",
                    "F32[3, 12]",
                    "F32[3, 6]",
                    o -> o.ropeAndStoreKv(x, x, f32(3, 6), ROPE, CACHE, ROWS)),
        };
    }

    private static Object[] misfit(String name, String one, String other, Consumer<Ops> call) {
        return new Object[] {name, one, other, call};
    }

    @Test(dataProvider = "misfitsOfStepsTogether")
    public void operandsThatDoNotFitStepsTogetherAreNamed(
            String name, String one, String other, Consumer<Ops> call) {
        operandsThatDoNotFitAreNamed(name, one, other, call);
    }

    @Test(dataProvider = "misfits")
    public void operandsThatDoNotFitAreNamed(
            String name, String one, String other, Consumer<Ops> call) {
        IllegalArgumentException e =
                expectThrows(
                        IllegalArgumentException.class,
                        () -> call.accept(new MeasuringOps(ScratchRules.NONE)));
        String message = e.getMessage();
        assertTrue(message.startsWith(name + ": "), message);
        assertTrue(message.contains(one) && message.contains(other), message);
    }
}
