/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import com.sun.jna.NativeLibrary;
import com.sun.jna.Platform;
import java.net.URL;
import java.nio.file.Path;
import org.testng.SkipException;

/** The cuFile of src/test/c, put in the place of NVIDIA's until closed. */
final class FakeCuFile implements AutoCloseable {

    private final NativeLibrary library;

    private FakeCuFile(String name) {
        URL url =
                FakeCuFile.class.getResource(
                        "/" + Platform.RESOURCE_PREFIX + "/lib" + name + ".so");
        if (url == null) {
            throw new SkipException("no fake cuFile: built without a C compiler, or not on Linux");
        }
        String file = Path.of(java.net.URI.create(url.toString())).toString();
        library = NativeLibrary.getInstance(file);
        library.getFunction("fake_cufile_reset").invokeVoid(new Object[0]);
        System.setProperty(CuFileLibrary.PATH_PROPERTY, file);
    }

    /** As of version 1.15. */
    static FakeCuFile install() {
        return new FakeCuFile("fakecufile");
    }

    /** As it was before it had a version, parameters and counters. */
    static FakeCuFile installOld() {
        return new FakeCuFile("fakecufileold");
    }

    FakeCuFile set(String name, long value) {
        library.getFunction("fake_cufile_set").invokeVoid(new Object[] {name, value});
        return this;
    }

    long get(String name) {
        return library.getFunction("fake_cufile_get").invokeLong(new Object[] {name});
    }

    @Override
    public void close() {
        System.clearProperty(CuFileLibrary.PATH_PROPERTY);
    }
}
