/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import io.offloadstream.platform.cuda.CuFileStorage;
import java.nio.file.Files;
import java.nio.file.Path;
import org.testng.SkipException;

/** The cuFile that the native module's tests build, in the place of NVIDIA's until closed. */
final class FakeGds implements AutoCloseable {

    private static final String PROPERTY = "offloadstream.cufile";

    private final NativeLibrary library;

    private FakeGds(Path file) {
        library = NativeLibrary.getInstance(file.toString());
        library.getFunction("fake_cufile_reset").invokeVoid(new Object[0]);
        System.setProperty(PROPERTY, file.toString());
        set("address_offset", FakeMemory.OFFSET);
    }

    static FakeGds install() {
        String fakes = System.getProperty("offloadstream.fakes", "");
        Path file = Path.of(fakes, Platform.RESOURCE_PREFIX, "libfakecufile.so");
        if (fakes.isEmpty() || !Files.exists(file)) {
            throw new SkipException("no fake cuFile: built without a C compiler, or not on Linux");
        }
        return new FakeGds(file);
    }

    /** Makes a device read files by it. */
    void serve(FakeDevice device) {
        device.readFilesBy(() -> CuFileStorage.open(device::requireThere));
    }

    FakeGds set(String name, long value) {
        library.getFunction("fake_cufile_set").invokeVoid(new Object[] {name, value});
        return this;
    }

    long get(String name) {
        return library.getFunction("fake_cufile_get").invokeLong(new Object[] {name});
    }

    @Override
    public void close() {
        System.clearProperty(PROPERTY);
    }
}
