/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.device.gpu;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertThrows;

import io.offloadstream.ops.KvPlacement;
import io.offloadstream.ops.KvView;
import io.offloadstream.platform.DType;
import io.offloadstream.platform.DeviceEvent;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceStream;
import java.lang.reflect.Proxy;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.List;
import org.testng.annotations.Test;

public class HostPagesTest {

    private static final long PAGE_BYTES = 2 * 64 * 3 * 16 * 4;

    /** A stream that notes its calls, and refuses one of them. */
    private static DeviceStream stream(List<String> calls, int refused) {
        return (DeviceStream)
                Proxy.newProxyInstance(
                        DeviceStream.class.getClassLoader(),
                        new Class<?>[] {DeviceStream.class},
                        (proxy, method, arguments) -> {
                            calls.add(method.getName());
                            if (calls.size() - 1 == refused) {
                                throw new DeviceException("refused");
                            }
                            return method.getReturnType() == DeviceEvent.class ? event() : null;
                        });
    }

    private static DeviceEvent event() {
        return (DeviceEvent)
                Proxy.newProxyInstance(
                        DeviceEvent.class.getClassLoader(),
                        new Class<?>[] {DeviceEvent.class},
                        (proxy, method, arguments) -> null);
    }

    /** The pass's end waits for the compute stream alone, which knows nothing of these copies. */
    @Test
    public void copiesThatNothingWaitsForEndBeforeTheirFailureIsTold() {
        KvView cache =
                new KvView(
                        0,
                        KvPlacement.HOST,
                        1,
                        3,
                        0,
                        PAGE_BYTES / 2,
                        64,
                        3,
                        16,
                        DType.F32,
                        0,
                        3 * 64,
                        LongBuffer.wrap(new long[] {1 << 20, 2 << 20, 3 << 20}),
                        null);
        List<String> transfers = new ArrayList<>();
        List<String> computes = new ArrayList<>();
        // the first call of each is the constructor's; the third copy is refused
        DeviceStream transfer = stream(transfers, 3);
        try (HostPages pages = new HostPages(cache, stream(computes, -1), transfer, 1 << 30)) {
            assertThrows(DeviceException.class, () -> pages.forEachTile(0, 0, 2, span -> {}));
        }
        assertEquals(transfers, List.of("await", "upload", "upload", "upload", "synchronize"));
    }
}
