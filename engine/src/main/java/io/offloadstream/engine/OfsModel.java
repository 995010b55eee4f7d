/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.BaseModel;
import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.engine.EngineException;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.nn.Block;
import ai.djl.translate.Translator;
import io.offloadstream.checkpoint.CheckpointException;
import io.offloadstream.device.Backends;
import io.offloadstream.device.DeviceChoice;
import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.platform.Storage;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;

/**
 * A model directory as the Hugging Face hub publishes it, streamed under a memory budget.
 *
 * <p>Options are those of {@link ModelOptions}: given to {@link #load}, by {@code
 * Criteria.optOption}, or in a {@code serving.properties} beside the model ({@code option.} before
 * them), in this order of precedence.
 *
 * <p>Arrays of {@link #getNDManager()} are charged to the model's budget once it is loaded. Arrays
 * made before that are the user's own; they too live until the model is closed.
 */
public final class OfsModel extends BaseModel {

    private final Device requested;
    private Device device = Device.cpu();
    private StreamedModel streamed;
    private volatile boolean closed;

    /**
     * Constructs a model to be loaded.
     *
     * @param name of the model, for messages
     * @param device the CPU, or a card by its number in {@code offloadstream devices}; null for
     *     what the options say, by default the first card if there is one
     * @throws IllegalArgumentException if it is neither
     */
    OfsModel(String name, Device device) {
        super(name);
        if (device != null && !device.isGpu() && !device.equals(Device.cpu())) {
            throw new IllegalArgumentException(
                    "device "
                            + device
                            + " is not known to OffloadStream; use Device.gpu(i), Device.cpu() or"
                            + " none");
        }
        requested = device;
        manager = OfsNDManager.getSystemManager().newSubManager(Device.cpu());
        manager.setName("OfsModel");
        dataType = DataType.FLOAT32;
    }

    /**
     * Opens a model directory. Weights are not read yet.
     *
     * @param modelPath the directory, or one that holds nothing but it
     * @param prefix not used: the file names of such a directory are fixed
     * @param options values by name, null for none
     * @throws FileNotFoundException if there is no such directory
     * @throws MalformedModelException if it is damaged, incomplete or of an unknown architecture
     * @throws EngineException if the machine refuses it; if the budget is too small, the message
     *     has the least that works
     * @throws IllegalArgumentException if an option is not known or has a wrong value; the message
     *     lists the valid ones
     */
    @Override
    public void load(Path modelPath, String prefix, Map<String, ?> options)
            throws IOException, MalformedModelException {
        if (closed || streamed != null) {
            throw new IllegalStateException(
                    "model "
                            + modelName
                            + " is "
                            + (closed ? "closed" : "loaded already")
                            + "; load into a new one");
        }
        boolean loaded = false;
        try {
            open(modelPath, options);
            loaded = true;
        } catch (CheckpointException e) {
            throw new MalformedModelException(e.getMessage(), e);
        } catch (OffloadStreamException e) {
            throw new EngineException(e.getMessage(), e);
        } finally {
            if (!loaded) {
                // Criteria drops a model that does not load without closing it
                close();
            }
        }
    }

    private void open(Path modelPath, Map<String, ?> options) throws IOException {
        if (!Files.isDirectory(modelPath)) {
            throw new FileNotFoundException(
                    modelPath
                            + (Files.exists(modelPath) ? " is no directory" : " does not exist")
                            + "; expected one with config.json and *.safetensors");
        }
        setModelDir(modelPath);
        ServingProperties beside = ServingProperties.read(modelDir);
        Map<String, Object> all = new HashMap<>(beside.options());
        if (options != null) {
            all.putAll(options);
        }
        beside.properties().forEach(properties::putIfAbsent);
        ModelOptions asked = DeviceRequest.resolve(requested, all, Backends.devices());
        AtomicReference<DeviceChoice> chosen = new AtomicReference<>();
        streamed =
                StreamedModel.open(
                        modelDir, asked, Storage.local(), () -> asked.openBackend(chosen::set));
        device = DeviceRequest.name(chosen.get());
        OfsNDManager charged =
                new OfsNDManager(OfsNDManager.getSystemManager(), Device.cpu(), streamed.budget());
        charged.setName("OfsModel");
        // arrays of the manager before, and what streams, end with the new one: also where the
        // model
        // is finalized instead of closed
        charged.attachInternal(NDManager.nextUid(), manager);
        charged.attachInternal(NDManager.nextUid(), streamed);
        manager = charged;
        block = new OfsSymbolBlock(streamed, charged);
        wasLoaded = true;
        properties.putIfAbsent("maxSequenceLength", "" + streamed.maxSequenceLength());
        properties.putIfAbsent("vocabSize", "" + streamed.decoder().vocabSize());
    }

    /**
     * Not supported: a checkpoint is read at random, often, and in parallel.
     *
     * @throws UnsupportedOperationException always
     */
    @Override
    public void load(InputStream is, Map<String, ?> options) {
        throw new UnsupportedOperationException(
                "a model cannot be streamed from an InputStream; load the path of its directory");
    }

    /**
     * Not supported: the block is what the directory makes it.
     *
     * @throws UnsupportedOperationException always
     */
    @Override
    public void setBlock(Block block) {
        throw new UnsupportedOperationException(
                "OffloadStream runs the model of its directory; a block cannot be set");
    }

    /**
     * Opens a predictor, which owns what runs for it.
     *
     * @param translator from and to the user's types
     * @param asked the model's device, or null for it; the arrays' too, which DJL fills in where
     *     its user names none
     * @return a predictor for the caller to close; closing the model closes it too
     * @throws IllegalArgumentException if the device is another
     */
    @Override
    public <I, O> Predictor<I, O> newPredictor(Translator<I, O> translator, Device asked) {
        streamedModel();
        if (asked != null && !asked.equals(device) && !asked.equals(getNDManager().getDevice())) {
            throw new IllegalArgumentException(
                    "device "
                            + asked
                            + ": model "
                            + modelName
                            + " is on "
                            + device
                            + ", and so are its predictors; load it with optDevice for another");
        }
        return new OfsPredictor<>(this, translator);
    }

    /**
     * Returns what computes. Arrays are in host memory all the same: {@link #getNDManager()} is of
     * the CPU.
     *
     * @return {@code Device.gpu(i)} for the i-th card of {@code offloadstream devices}, else {@code
     *     Device.cpu()}
     */
    public Device getDevice() {
        return device;
    }

    /**
     * Returns what runs: plan, statistics, budget.
     *
     * @return the open model
     * @throws IllegalStateException if the model is not loaded, or closed
     */
    public StreamedModel streamedModel() {
        if (streamed == null || closed) {
            throw new IllegalStateException(
                    "model " + modelName + " is " + (closed ? "closed" : "not loaded"));
        }
        return streamed;
    }

    /**
     * Lists the files of the directory.
     *
     * @return file names, sorted
     */
    @Override
    public String[] getArtifactNames() {
        try (Stream<Path> files = Files.list(streamedModel().directory())) {
            return files.filter(Files::isRegularFile)
                    .map(file -> file.getFileName().toString())
                    .sorted()
                    .toArray(String[]::new);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot list " + modelDir, e);
        }
    }

    /**
     * Not supported: weights are streamed, never changed.
     *
     * @throws UnsupportedOperationException always
     */
    @Override
    public void save(Path modelPath, String newModelName) {
        throw new UnsupportedOperationException(
                "a streamed model is not changed; copy its directory " + modelDir);
    }

    /**
     * Ends what runs on the model, closes its predictors' sessions, its arrays and files, and gives
     * all memory back. Arrays that belong to other managers stay valid. Twice has no effect.
     */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            if (streamed != null) {
                // nothing may write to arrays that are about to be freed
                if (block != null) {
                    ((OfsSymbolBlock) block).closeScopes();
                }
                streamed.close();
            }
        } finally {
            super.close();
        }
    }
}
