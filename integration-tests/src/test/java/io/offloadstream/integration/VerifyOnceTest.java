/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;

import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.device.Backend;
import io.offloadstream.device.DeviceLedger;
import io.offloadstream.device.DeviceMemory;
import io.offloadstream.model.Conversion;
import io.offloadstream.model.ConversionOptions;
import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.platform.Storage;
import io.offloadstream.quant.Packing;
import io.offloadstream.quant.Quantization;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** Checksums are compared once, however often another model is faster to claim the device. */
public class VerifyOnceTest {

    @DataProvider
    Object[][] backends() {
        return TestDevices.with(new Object[][] {{}});
    }

    /**
     * A model that claims the device while another one is planned, and goes before the next try.
     */
    private static final class Rival {

        private final Backend backend;
        private final Path copy;
        private final long givenBytes;
        private DeviceLedger.Claim claim;
        private int claimed;

        Rival(Backend backend, Path copy, long givenBytes) {
            this.backend = backend;
            this.copy = copy;
            this.givenBytes = givenBytes;
        }

        Object call(Object proxy, Method method, Object[] arguments) throws Throwable {
            if (method.getName().equals("memory") && claim != null) {
                claim.close();
                claim = null;
            } else if (method.getName().equals("chargedBytes") && claimed++ == 0) {
                DeviceMemory memory = backend.memory().orElseThrow();
                long most = givenBytes - memory.contextBytes();
                claim = DeviceLedger.PROCESS.claim(memory, givenBytes, most).orElseThrow();
                damage(copy);
            }
            try {
                return method.invoke(backend, arguments);
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        }
    }

    /** So that whoever looks again finds it. */
    private static void damage(Path copy) {
        try {
            Path file = Checkpoint.open(copy).get("model.norm.weight").file();
            byte[] bytes = Files.readAllBytes(file);
            bytes[0] ^= 1;
            Files.write(file, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test(dataProvider = "backends")
    public void aLostClaimReadsNothingAgain(String backend) throws IOException {
        TestDevices.require(backend);
        try (ScratchDirectory scratch = new ScratchDirectory("verify")) {
            Path source = Files.createDirectory(scratch.path().resolve("source"));
            SyntheticLlama.TINY.write(source, 3);
            Path copy = scratch.path().resolve("copy");
            Conversion.run(
                    source,
                    copy,
                    new ConversionOptions(null, Quantization.NONE, Packing.LOSSLESS, 1),
                    (done, total) -> {});
            Map<String, String> values = TestDevices.plenty(backend, 1, 8);
            values.put("verify", "true");
            ModelOptions options = ModelOptions.parse(values);
            try (Backend real = options.openBackend()) {
                Rival rival = new Rival(real, copy, Long.parseLong(values.get("deviceMemory")));
                Backend watched =
                        (Backend)
                                Proxy.newProxyInstance(
                                        Backend.class.getClassLoader(),
                                        new Class<?>[] {Backend.class},
                                        rival::call);
                StreamedModel.open(copy, options, Storage.local(), () -> watched).close();
                assertEquals(rival.claim, null, "the rival's claim");
            }
        }
    }
}
