/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import io.offloadstream.platform.cuda.KernelBinaries.Image;
import io.offloadstream.platform.gpu.KernelSources;
import java.io.IOException;
import java.net.URI;
import java.net.URL;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.testng.SkipException;
import org.testng.annotations.BeforeClass;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** What the jar carries for a machine that has NVIDIA's driver and no compiler. */
public class JarKernelsTest {

    @BeforeClass
    public void skipWhereTheyWereNotBuilt() throws IOException {
        URL classes = KernelBinaries.class.getProtectionDomain().getCodeSource().getLocation();
        Path folder = Path.of(URI.create(classes + KernelBinaries.FOLDER.substring(1)));
        if (!KernelArchive.isUpToDate(folder)) {
            throw new SkipException("the kernels of the jar were not built: no NVRTC, or skipped");
        }
    }

    @DataProvider
    public Object[][] capabilities() {
        return KernelBinaries.CAPABILITIES.stream()
                .map(capability -> new Object[] {capability})
                .toArray(Object[][]::new);
    }

    @Test(dataProvider = "capabilities")
    public void everyModuleHasMachineCodeFirstAndPtxLast(int capability) {
        KernelBinaries binaries = new KernelBinaries(null, null, capability, "550");
        List<String> modules = modules(capability);
        // nvcc may know a card that no NVRTC knows
        boolean known =
                isKnown(capability)
                        || modules.stream().anyMatch(module -> hasCubin(module, capability));
        for (String module : modules) {
            int target =
                    Math.max(KernelBinaries.PTX_CAPABILITY, KernelSources.oldestCapability(module));
            int count = (known ? 1 : 0) + (isKnown(target) ? 1 : 0);
            if (count == 0) {
                continue; // old compilers know none of both
            }
            List<Image> images = binaries.of(module, "not compiled").images();
            String name = module + " for sm_" + capability;
            assertEquals(images.size(), count, name);
            if (known) {
                assertEquals(text(images.get(0)).substring(1, 4), "ELF", name);
            }
            if (isKnown(target)) {
                String ptx = text(images.get(count - 1));
                assertTrue(ptx.contains("\n.target sm_" + target), name);
                assertTrue(ptx.contains(".entry "), name);
            }
        }
    }

    private static boolean isKnown(int capability) {
        return Nvrtc.findAll().stream().anyMatch(compiler -> compiler.knows(capability));
    }

    private static List<String> modules(int capability) {
        return Stream.concat(
                        KernelSources.commonModules().stream(),
                        KernelSources.cudaModules(capability).stream())
                .toList();
    }

    private static boolean hasCubin(String module, int capability) {
        String name = KernelBinaries.FOLDER + KernelBinaries.cubinName(module, capability);
        return KernelBinaries.class.getResource(name) != null;
    }

    private static String text(Image image) {
        return new String(image.bytes(), StandardCharsets.ISO_8859_1);
    }
}
