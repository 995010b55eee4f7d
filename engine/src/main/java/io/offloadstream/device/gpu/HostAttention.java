/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import io.offloadstream.device.cpu.CpuAttention;
import io.offloadstream.ops.AttentionSpec;
import io.offloadstream.ops.KvView;
import io.offloadstream.ops.RowMap;
import io.offloadstream.ops.Tensor;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.DeviceEvent;
import io.offloadstream.platform.DeviceStream;
import io.offloadstream.platform.HostMemory;

/**
 * Attention by the host's processors, over keys and values that are kept there. The query goes down
 * in the compute stream, behind the rows that were just stored; the thread that runs the pass waits
 * for it, once in a call, and computes; the result goes up in the compute stream, which nobody
 * waits for.
 */
final class HostAttention {

    private final CpuAttention attention;
    private final DeviceStream compute;

    /** Query and result, pinned. */
    private final HostMemory memory;

    /**
     * Prepares calls.
     *
     * @param memory of {@link #sizeBytes} of the largest call; null if there will be none
     */
    HostAttention(CpuAttention attention, DeviceStream compute, HostMemory memory) {
        this.attention = attention;
        this.compute = compute;
        this.memory = memory;
    }

    /** What a call takes of pinned memory. */
    static long sizeBytes(int rows, AttentionSpec spec, KvView cache) {
        return 2 * 4L * rows * spec.heads() * cache.headDim();
    }

    void attend(Tensor query, KvView cache, RowMap rows, AttentionSpec spec, Tensor y) {
        long half = query.sizeBytes();
        long available = memory == null ? 0 : memory.sizeBytes();
        if (2 * half > available) {
            throw new IllegalStateException(
                    "attention of "
                            + query.rows()
                            + " rows takes "
                            + 2 * half
                            + " bytes of pinned memory, the workspace has "
                            + available
                            + ": it was measured too small");
        }
        Tensor input =
                new Tensor(DType.F32, memory.address(), query.rows(), (long) query.columns());
        Tensor output =
                new Tensor(
                        DType.F32, memory.address() + half, query.rows(), (long) query.columns());
        compute.download(query.address(), input.address(), half, half, 1);
        // the last result has left the buffer then, too
        try (DeviceEvent arrived = compute.record()) {
            arrived.await();
        }
        attention.attend(input, cache.onHost(), rows.onHost(), spec, output);
        compute.upload(output.address(), y.address(), half);
    }
}
