/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;

import io.offloadstream.device.Backend;
import io.offloadstream.device.Backends;
import io.offloadstream.ops.ComputeType;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.DeviceStorage;
import io.offloadstream.platform.GdsMode;
import io.offloadstream.platform.GdsStatus;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.testng.annotations.AfterClass;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

public class GdsCheckTest {

    private static final int THREADS = 3;
    private static final double SECONDS = 0.02;

    private Path file;

    @BeforeClass
    public void create() throws IOException {
        // Beside the classes, not in /tmp: that may be a tmpfs
        file = Files.createTempFile(Path.of("target").toAbsolutePath(), "weights", "");
        Files.write(file, new byte[9 << 20]);
    }

    @AfterClass(alwaysRun = true)
    public void delete() throws IOException {
        Files.delete(file);
    }

    @Test
    public void withoutACardItSaysSoAndMeasuresDirectIo() {
        CliRun run = CliRun.of("gds-check", "--seconds=0.02", "--read-threads=2", file.toString());
        assertEquals(run.code(), 0, run.err());
        for (String part :
                new String[] {
                    "mode                   unavailable: ",
                    "file system            ",
                    "nvidia-fs              ",
                    "to host memory",
                    "host memory bypassed   no: GPUDirect Storage is not available"
                }) {
            assertTrue(run.out().contains(part), part + " in " + run.out());
        }
        assertFalse(run.out().contains("gds /"), run.out());
    }

    @DataProvider
    public static Object[][] modes() {
        return new Object[][] {
            {GdsMode.DIRECT, "mode                   direct: as counted", "yes: as counted"},
            {GdsMode.COMPAT, "mode                   compat: as counted", "no: as counted"},
        };
    }

    @Test(dataProvider = "modes")
    public void theModeAtTheEndIsPrintedWithBothSpeeds(GdsMode mode, String line, String bypassed)
            throws IOException {
        try (FileReadingStorage storage = new FileReadingStorage()) {
            storage.last = new GdsStatus(mode, "as counted");
            String text = check(storage, null, mode);
            assertTrue(text.contains(line), text);
            assertTrue(text.contains("host memory bypassed   " + bypassed), text);
            assertTrue(text.contains("a fact of the library"), text);
            Matcher ratio =
                    Pattern.compile("gds / direct \\+ pinned copy +\\d+\\.\\d\\d").matcher(text);
            assertTrue(ratio.find(), text);
            assertTrue(storage.bytes.sum() >= 2 * THREADS, storage.bytes + " bytes");
            assertEquals(storage.open.get(), 0, "files and buffers left open");
        }
    }

    @Test
    public void aGrowingPageCacheIsNotBypassing() throws IOException {
        try (FileReadingStorage storage = new FileReadingStorage()) {
            storage.last = new GdsStatus(GdsMode.DIRECT, "as counted");
            storage.throughPageCache = true;
            String text = check(storage, null, GdsMode.DIRECT);
            assertTrue(text.contains("host memory bypassed   no: the page cache grew"), text);
        }
    }

    @Test
    public void aRefusalIsUnavailableWithTheReasonAndTheRestIsMeasured() throws IOException {
        DeviceException refusal = new DeviceException("cuFile is not found; install it");
        String text = check(null, refusal, GdsMode.UNAVAILABLE);
        assertTrue(text.contains("unavailable: cuFile is not found; install it"), text);
        assertTrue(text.contains("direct + pinned copy"), text);
    }

    private String check(DeviceStorage storage, DeviceException refusal, GdsMode expected)
            throws IOException {
        StringWriter text = new StringWriter();
        try (Backend processor =
                Backends.open("cpu", Backends.ANY_DEVICE, 1, ComputeType.FLOAT32)) {
            Backend card = card(processor, storage, refusal);
            GdsMode mode =
                    new GdsCheck(new PrintWriter(text), card, file, THREADS, SECONDS).run(null);
            assertEquals(mode, expected, text.toString());
        }
        return text.toString();
    }

    /** The processor, posing as a card whose memory is the host's. */
    private static Backend card(Backend processor, DeviceStorage storage, DeviceException refusal) {
        return (Backend)
                Proxy.newProxyInstance(
                        Backend.class.getClassLoader(),
                        new Class<?>[] {Backend.class},
                        (proxy, method, arguments) -> {
                            if (method.getName().equals("computesInHostMemory")) {
                                return false;
                            }
                            if (method.getName().equals("openStorage")) {
                                if (refusal != null) {
                                    throw refusal;
                                }
                                return storage;
                            }
                            try {
                                return method.invoke(processor, arguments);
                            } catch (InvocationTargetException e) {
                                throw e.getCause();
                            }
                        });
    }
}
