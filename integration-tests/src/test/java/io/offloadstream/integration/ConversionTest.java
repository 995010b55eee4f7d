/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.checkpoint.Checkpoint;
import io.offloadstream.checkpoint.CheckpointException;
import io.offloadstream.checkpoint.TensorEntry;
import io.offloadstream.model.ConversionOptions;
import io.offloadstream.model.ConversionReport;
import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.plan.GroupExtents;
import io.offloadstream.plan.ResidencyPlan;
import io.offloadstream.plan.WeightGroup;
import io.offloadstream.plan.WeightGroup.Access;
import io.offloadstream.platform.DType;
import io.offloadstream.quant.Packing;
import io.offloadstream.quant.Quantization;
import io.offloadstream.stream.StreamStats;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** What a conversion leaves on the disk, whatever happens on the way. */
public class ConversionTest extends ConversionFixture {

    private static final ConversionOptions INT8 =
            new ConversionOptions(null, Quantization.INT8, Packing.NONE, 2);

    private static Map<String, byte[]> files(Path directory) {
        Map<String, byte[]> files = new TreeMap<>();
        try (Stream<Path> listed = Files.list(directory)) {
            for (Path file : listed.toList()) {
                files.put(file.getFileName().toString(), Files.readAllBytes(file));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return files;
    }

    private static void requireSameFiles(Path actual, Path expected) {
        Map<String, byte[]> one = files(actual);
        Map<String, byte[]> other = files(expected);
        assertEquals(one.keySet(), other.keySet());
        one.forEach((name, bytes) -> assertEquals(bytes, other.get(name), name));
    }

    @DataProvider
    Object[][] options() {
        return new Object[][] {{LOSSLESS}, {INT8}};
    }

    @Test(dataProvider = "options")
    public void aConversionThatWasEndedGoesOnWhereItWas(ConversionOptions options) {
        Path whole = scratch.path().resolve("whole");
        List<Long> steps = new ArrayList<>();
        int groups = run(source, whole, options, (done, total) -> steps.add(done)).groups();
        assertTrue(steps.size() > 2 * groups, "ended inside of groups too");
        int resumed = 0;
        for (int end = 0; end < steps.size(); end += 7) {
            target = scratch.path().resolve("target" + end);
            runAndEnd(options, end);
            assertFalse(Files.exists(target), "ended at step " + end);
            List<Long> rest = new ArrayList<>();
            ConversionReport report = run(source, target, options, (done, total) -> rest.add(done));
            assertTrue(report.resumedGroups() >= resumed, "more is kept the later it ends");
            resumed = report.resumedGroups();
            assertTrue(rest.size() < steps.size() || resumed == 0, "step " + end);
            assertEquals(rest.get(rest.size() - 1), steps.get(steps.size() - 1));
            requireSameFiles(target, whole);
            Checkpoint.verify(target);
        }
        assertTrue(resumed >= groups - 2, resumed + " groups of " + groups);
    }

    @Test
    public void aConversionThatWasKilledGoesOnInAnotherProcess() {
        Path whole = scratch.path().resolve("whole");
        run(source, whole, INT8, SILENT);
        long half = files(whole).values().stream().mapToLong(bytes -> bytes.length).sum() / 2;
        ChildJvm.Ended child =
                ChildJvm.run(
                        KilledConversion.class,
                        List.of(source.toString(), target.toString(), Long.toString(half)));
        assertEquals(child.exitCode(), KilledConversion.EXIT_CODE, child.errors());
        assertFalse(Files.exists(target));
        ConversionReport report = run(source, target, INT8, SILENT);
        assertTrue(report.resumedGroups() > 0 && report.resumedGroups() < report.groups());
        requireSameFiles(target, whole);
    }

    @Test
    public void otherOptionsOrAChangedSourceBeginAnew() throws IOException {
        for (boolean other : new boolean[] {true, false}) {
            target = scratch.path().resolve("target" + other);
            runAndEnd(PLAIN, 9);
            if (!other) {
                Path weights = source.resolve("model.safetensors");
                FileTime later =
                        FileTime.fromMillis(Files.getLastModifiedTime(weights).toMillis() + 5000);
                Files.setLastModifiedTime(weights, later);
            }
            ConversionReport report = run(source, target, other ? INT8 : PLAIN, SILENT);
            assertEquals(report.resumedGroups(), 0);
            Checkpoint.verify(target);
        }
    }

    @Test
    public void aSourceThatChangesMeanwhileIsRefused() {
        Path weights = source.resolve("model.safetensors");
        CheckpointException e =
                expectThrows(
                        CheckpointException.class,
                        () ->
                                run(
                                        source,
                                        target,
                                        PLAIN,
                                        (done, total) -> {
                                            try {
                                                Files.setLastModifiedTime(
                                                        weights, FileTime.fromMillis(done));
                                            } catch (IOException failed) {
                                                throw new UncheckedIOException(failed);
                                            }
                                        }));
        assertTrue(e.getMessage().contains("was changed while"), e.getMessage());
        requireNothingLeft();
    }

    private void requireNothingLeft() {
        assertFalse(Files.exists(target));
        assertFalse(Files.exists(target.resolveSibling(".target.partial")));
    }

    @Test
    public void valuesThatATypeDoesNotHaveLeaveNothingBehind() {
        Path weights = source.resolve("model.safetensors");
        TensorEntry tensor = Checkpoint.open(source).get("model.layers.3.mlp.up_proj.weight");
        try (RandomAccessFile file = new RandomAccessFile(weights.toFile(), "rw")) {
            file.seek(tensor.offset() + 100);
            file.write(new byte[] {(byte) 0x80, 0x7f}); // infinity
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        CheckpointException e =
                expectThrows(CheckpointException.class, () -> run(source, target, INT8, SILENT));
        assertTrue(e.getMessage().contains("model.layers.3.mlp.up_proj.weight"), e.getMessage());
        requireNothingLeft();
        run(source, target, LOSSLESS, SILENT);
        Checkpoint.verify(target);
    }

    @Test(dataProvider = "options")
    public void aCopyOfACopyIsTheSame(ConversionOptions options) {
        run(source, target, options, SILENT);
        Path second = scratch.path().resolve("second");
        run(target, second, PLAIN, SILENT);
        Map<String, byte[]> one = files(target);
        Map<String, byte[]> other = files(second);
        assertEquals(one.keySet(), other.keySet());
        one.remove("metadata.json"); // it names its source
        one.forEach((name, bytes) -> assertEquals(bytes, other.get(name), name));
        CheckpointException e =
                expectThrows(
                        CheckpointException.class,
                        () -> {
                            Path third = scratch.path().resolve("third");
                            run(source, third, INT8, SILENT);
                            ConversionOptions again =
                                    new ConversionOptions(null, Quantization.INT4, Packing.NONE, 1);
                            run(third, scratch.path().resolve("fourth"), again, SILENT);
                        });
        assertTrue(e.getMessage().contains("packed already"), e.getMessage());
    }

    /** Digits that are not lost are there to be rounded. */
    @Test
    public void aPackedSourceIsConvertedAsTheOriginalIs() {
        Path packed = scratch.path().resolve("packed");
        run(source, packed, LOSSLESS, SILENT);
        Checkpoint stored = Checkpoint.open(packed);
        long matrices =
                stored.tensors().values().stream()
                        .filter(tensor -> tensor.type() == DType.BF16_PACKED)
                        .count();
        assertTrue(matrices > 0);
        for (ConversionOptions options :
                List.of(
                        INT8,
                        new ConversionOptions(null, Quantization.INT4, Packing.LOSSLESS, 1),
                        new ConversionOptions(DType.F32, Quantization.NONE, Packing.NONE, 1),
                        new ConversionOptions(DType.BF16, Quantization.NONE, Packing.NONE, 1),
                        new ConversionOptions(
                                DType.BF16, Quantization.NONE, Packing.LOSSLESS, 1))) {
            String name = options.type() + "-" + options.quantization() + "-" + options.packing();
            Path direct = scratch.path().resolve(name + "-direct");
            Path again = scratch.path().resolve(name);
            run(source, direct, options, SILENT);
            ConversionReport report = run(packed, again, options, SILENT);
            assertEquals(report.unused(), 0, name);
            assertEquals(
                    report.sourceBytes(),
                    stored.tensors().values().stream().mapToLong(TensorEntry::sizeBytes).sum());
            Map<String, byte[]> one = files(again);
            Map<String, byte[]> other = files(direct);
            assertEquals(one.keySet(), other.keySet(), name);
            one.remove("metadata.json"); // it names its source
            one.forEach((file, bytes) -> assertEquals(bytes, other.get(file), name + " " + file));
        }
    }

    @Test
    public void whatIsNotPackedForItsShapeIsReported() {
        ConversionOptions rounded =
                new ConversionOptions(DType.BF16, Quantization.NONE, Packing.LOSSLESS, 1);
        List<String> kept =
                run(Goldens.reference("gpt2-tiny").directory(), target, rounded, SILENT).kept();
        Checkpoint copy = Checkpoint.open(target);
        assertTrue(kept.stream().anyMatch(name -> name.endsWith("attn.c_attn.weight")), "" + kept);
        kept.forEach(name -> assertEquals(copy.get(name).type(), DType.BF16, name));
        for (TensorEntry tensor : copy.tensors().values()) {
            assertTrue(tensor.type() != DType.BF16_PACKED || !kept.contains(tensor.name()));
        }
    }

    @Test
    public void matricesAreRoundedAndNormsAreNot() {
        ConversionOptions halves =
                new ConversionOptions(DType.F16, Quantization.NONE, Packing.LOSSLESS, 1);
        run(source, target, halves, SILENT);
        Checkpoint original = Checkpoint.open(source);
        int matrices = 0;
        for (TensorEntry tensor : Checkpoint.open(target).tensors().values()) {
            boolean matrix = tensor.shape().length == 2;
            matrices += matrix ? 1 : 0;
            DType expected = matrix ? DType.F16 : original.get(tensor.name()).type();
            assertEquals(tensor.type(), expected, tensor.toString());
            assertEquals(tensor.shape(), original.get(tensor.name()).shape());
        }
        assertTrue(matrices > 0);
    }

    @Test
    public void aTiedTableIsKeptOnceAndTokenizerFilesAreCopied() {
        Goldens goldens = Goldens.reference("llama-tiny");
        run(goldens.directory(), target, INT8, SILENT);
        Map<String, byte[]> files = files(target);
        assertFalse(files.containsKey("head.bin"), files.keySet().toString());
        TensorEntry table = Checkpoint.open(target).get("model.embed_tokens.weight");
        assertEquals(table.type(), DType.Q8_0);
        assertEquals(table.file(), target.resolve("embedding.bin"));
        for (String name :
                List.of(
                        "config.json",
                        "generation_config.json",
                        "tokenizer.json",
                        "tokenizer_config.json")) {
            assertTrue(files.containsKey(name), name + " in " + files.keySet());
        }
        assertFalse(files.keySet().stream().anyMatch(name -> name.endsWith(".safetensors")));
    }

    @DataProvider
    Object[][] models() {
        return TestModels.references();
    }

    /** A streamed pass reads the bytes of its groups, each in one run of requests. */
    @Test(dataProvider = "models")
    public void aGroupIsOneExtentAndNothingElseIsRead(String name) {
        Goldens goldens = Goldens.reference(name);
        Goldens.Case c = goldens.find("one");
        for (ConversionOptions options : List.of(PLAIN, INT8, LOSSLESS)) {
            Path copy = scratch.path().resolve(name + options.quantization() + options.packing());
            run(goldens.directory(), copy, options, SILENT);
            for (String io : new String[] {"direct", "buffered"}) {
                Map<String, String> streaming =
                        Budgets.streaming(copy, c.batch(), c.tokens() + 1, io);
                try (StreamedModel model =
                        StreamedModel.open(copy, ModelOptions.parse(streaming))) {
                    Runs.all(model, c);
                    Runs.all(model, c);
                    PassReads.assertPlannedGroupsWereRead(model);
                    requireOneExtent(model.plan());
                    StreamStats.PassRecord last = PassReads.last(model.stats());
                    assertEquals(
                            last.bytes(),
                            last.groupsRead().stream()
                                    .mapToLong(g -> model.plan().extents(g).readBytes())
                                    .sum());
                }
            }
        }
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void requireOneExtent(ResidencyPlan plan) {
        Set<Path> read = new HashSet<>();
        for (WeightGroup group : plan.groups()) {
            if (group.access() == Access.GATHERED) {
                continue;
            }
            List<GroupExtents.Extent> extents = plan.extents(group.index()).extents();
            boolean head = group.name().startsWith("head");
            boolean escapes = group.access() == Access.INDEX;
            // a part of a packed head comes with the escapes behind the whole of it
            int expected = head && group.tensors().size() > 1 ? 2 : 1;
            assertTrue(extents.size() <= expected, group.name() + " " + extents);
            GroupExtents.Extent extent = extents.get(0);
            if (!head && !escapes) {
                assertTrue(read.add(extent.file()), group.name() + " has a file of its own");
                assertEquals(extent.offset(), 0, group.name());
                long padding = size(extent.file()) - extent.length();
                assertTrue(padding >= 0 && padding < 4096, group.name() + " " + extent);
            }
            long unit = plan.blockBytes();
            long most =
                    (group.sizeBytes() + 256L * group.tensors().size() + unit - 1) / unit * unit;
            assertTrue(
                    extent.length() <= most + (head || escapes ? unit : 0),
                    group.name() + " " + extent);
        }
    }
}
