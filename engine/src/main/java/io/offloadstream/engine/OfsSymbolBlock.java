/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.engine.EngineException;
import ai.djl.inference.streaming.StreamingBlock;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.AbstractSymbolBlock;
import ai.djl.nn.ParameterList;
import ai.djl.training.ParameterStore;
import ai.djl.util.PairList;
import io.offloadstream.model.Decoder;
import io.offloadstream.model.KvShape;
import io.offloadstream.model.PassOutput;
import io.offloadstream.model.Session;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.model.TokenBatch;
import io.offloadstream.model.TokenChooser;
import io.offloadstream.platform.OffloadStreamException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.Spliterator;
import java.util.Spliterators;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * A streamed model as a DJL block. Inputs are {@code input_ids}, {@code attention_mask} and {@code
 * position_ids}, int64 or int32, by name or in that order; outputs belong to the manager of the
 * input ids.
 *
 * <ul>
 *   <li>By default {@code forward} returns logits, float32 (batch, tokens, vocabulary).
 *   <li>With {@link #USE_CACHE}, or where keys and values are named, it takes and returns what
 *       DJL's TextGenerator does: logits, the hidden state after the final norm (batch, tokens,
 *       hidden), then keys and values of each layer, float32 (batch, kvHeads, past + tokens,
 *       headDim).
 *   <li>With {@link #TOKEN_CHOOSER} it generates text: the ids, int64 (1, tokens).
 *   <li>{@code forwardStream} generates token by token, int64 (1) each: the most probable one where
 *       no chooser is given.
 * </ul>
 *
 * <p>Inference only. Thread-safe; calls take turns pass by pass. Memory of the outputs is taken
 * from the model's budget before the first pass.
 */
public final class OfsSymbolBlock extends AbstractSymbolBlock implements StreamingBlock {

    /**
     * Name of a parameter (a {@link Boolean}), and of the translator's attachment that becomes it:
     * inputs and outputs are those of DJL's CausalLMOutput.
     */
    public static final String USE_CACHE = "use_cache";

    /**
     * Name of a parameter (a {@link TokenChooser}), and of the translator's attachment that becomes
     * it: what decides the next token when text is generated.
     */
    public static final String TOKEN_CHOOSER = "tokenChooser";

    private final StreamedModel model;
    private final OfsNDManager manager;
    private final RequestLimits limits;
    private final Set<SessionScope> scopes = ConcurrentHashMap.newKeySet();

    /**
     * Constructs the block of a model.
     *
     * @param model an open model
     * @param manager whose arrays are charged to the model's budget
     */
    OfsSymbolBlock(StreamedModel model, OfsNDManager manager) {
        this.model = model;
        this.manager = manager;
        Decoder decoder = model.decoder();
        limits =
                new RequestLimits(
                        decoder.vocabSize(),
                        decoder.blockCount(),
                        decoder.kvShape(),
                        model.maxSequenceLength(),
                        model.maxBatch());
    }

    /**
     * Opens the scope of a predictor.
     *
     * @param owner for messages
     * @return the scope, for the caller to close
     */
    SessionScope newScope(String owner) {
        return new SessionScope(owner, scopes);
    }

    /** Ends everything that runs on the model and waits for it. */
    void closeScopes() {
        scopes.forEach(SessionScope::close);
    }

    @Override
    protected NDList forwardInternal(
            ParameterStore parameterStore,
            NDList inputs,
            boolean training,
            PairList<String, Object> params) {
        requireInference(training);
        PassParameters parameters = PassParameters.of(params);
        ModelRequest request = ModelRequest.of(inputs, parameters.useCache(), limits);
        boolean ownsScope = parameters.scope() == null;
        SessionScope scope = ownsScope ? newScope("the call") : parameters.scope();
        try {
            scope.enter();
            try {
                if (parameters.chooser() != null) {
                    return generate(request, parameters.chooser(), scope);
                }
                boolean withCache = parameters.useCache() || !request.past().isEmpty();
                return withCache ? runWithCache(request, scope) : run(request, scope);
            } finally {
                scope.exit();
            }
        } catch (OffloadStreamException e) {
            throw new EngineException(e.getMessage(), e);
        } finally {
            if (ownsScope) {
                scope.close();
            }
        }
    }

    /** Returns logits. */
    private NDList run(ModelRequest request, SessionScope scope) {
        Shape logits = new Shape(request.batch(), request.tokens(), limits.vocabSize());
        try (PassArrays outputs =
                PassArrays.allocate(manager, model.budget(), "logits", List.of(logits))) {
            Session session = scope.open(model, request.batch());
            try {
                session.forward(tokens(request), new PassOutput(null, outputs.rows(0), null));
            } finally {
                scope.release(session);
            }
            NDList given = outputs.giveTo(request.manager());
            given.head().setName("logits");
            return given;
        }
    }

    /** Returns logits, hidden state, and keys and values of past and new tokens. */
    private NDList runWithCache(ModelRequest request, SessionScope scope) {
        KvShape kv = limits.kvShape();
        int batch = request.batch();
        int length = request.pastTokens() + request.tokens();
        List<Shape> shapes = new ArrayList<>();
        shapes.add(new Shape(batch, request.tokens(), limits.vocabSize()));
        shapes.add(new Shape(batch, request.tokens(), model.decoder().hiddenSize()));
        shapes.addAll(
                Collections.nCopies(
                        2 * limits.blockCount(),
                        new Shape(batch, kv.heads(), length, kv.headDim())));
        String purpose =
                "logits, hidden state, keys and values of " + limits.blockCount() + " layers";
        try (PassArrays outputs = PassArrays.allocate(manager, model.budget(), purpose, shapes)) {
            Session session = scope.open(model, batch);
            try {
                if (request.pastTokens() > 0) {
                    importPast(request, session);
                }
                session.forward(
                        tokens(request), new PassOutput(null, outputs.rows(0), outputs.rows(1)));
                for (int layer = 0; layer < limits.blockCount(); layer++) {
                    int keys = 2 + 2 * layer;
                    session.exportKv(layer, outputs.address(keys), outputs.address(keys + 1));
                }
            } finally {
                scope.release(session);
            }
            return outputs.giveTo(request.manager());
        }
    }

    private void importPast(ModelRequest request, Session session) {
        session.beginImport(request.pastTokens());
        for (int layer = 0; layer < limits.blockCount(); layer++) {
            // arrays of another engine are copied, for no longer than this
            try (OfsNDManager copies = (OfsNDManager) manager.newSubManager()) {
                OfsNDArray keys = copies.from(request.past().get(2 * layer));
                OfsNDArray values = copies.from(request.past().get(2 * layer + 1));
                session.importKv(layer, keys.address(), values.address());
            }
        }
    }

    private static TokenBatch tokens(ModelRequest request) {
        return new TokenBatch(request.tokens(), request.ids(), request.mask(), request.positions());
    }

    private NDList generate(ModelRequest request, TokenChooser chooser, SessionScope scope) {
        LongStream.Builder ids = LongStream.builder();
        try (TokenStream stream = new TokenStream(model, manager, request, chooser, scope, false)) {
            while (stream.hasNext()) {
                ids.add(stream.nextId());
            }
        }
        long[] generated = ids.build().toArray();
        NDArray array = manager.create(generated, new Shape(1, generated.length));
        array.attach(request.manager());
        return new NDList(array);
    }

    @Override
    public Stream<NDList> forwardStream(
            ParameterStore parameterStore,
            NDList inputs,
            boolean training,
            PairList<String, Object> params) {
        TokenStream tokens = forwardStreamIter(parameterStore, inputs, training, params);
        int order = Spliterator.ORDERED | Spliterator.NONNULL;
        return StreamSupport.stream(Spliterators.spliteratorUnknownSize(tokens, order), false)
                .onClose(tokens::close);
    }

    @Override
    public TokenStream forwardStreamIter(
            ParameterStore parameterStore,
            NDList inputs,
            boolean training,
            PairList<String, Object> params) {
        requireInference(training);
        PassParameters parameters = PassParameters.of(params);
        ModelRequest request = ModelRequest.of(inputs, false, limits);
        TokenStream.requireOneSequence(request);
        TokenChooser chooser = parameters.chooser() == null ? greedy() : parameters.chooser();
        boolean ownsScope = parameters.scope() == null;
        SessionScope scope = ownsScope ? newScope("the stream") : parameters.scope();
        return new TokenStream(model, manager, request, chooser, scope, ownsScope);
    }

    private TokenChooser greedy() {
        try {
            return GreedyChooser.of(model);
        } catch (OffloadStreamException e) {
            throw new EngineException(e.getMessage(), e);
        }
    }

    private static void requireInference(boolean training) {
        if (training) {
            throw new UnsupportedOperationException(
                    "OffloadStream runs inference only; training is not built yet");
        }
    }

    @Override
    public void removeLastBlock() {
        throw new UnsupportedOperationException(
                "the blocks of a streamed model cannot be removed; ask for the hidden state with"
                        + " the parameter "
                        + USE_CACHE);
    }

    @Override
    public PairList<String, Shape> describeInput() {
        PairList<String, Shape> inputs = new PairList<>();
        inputs.add(NamedInputs.IDS, new Shape(-1, -1));
        inputs.add(NamedInputs.MASK, new Shape(-1, -1));
        return inputs;
    }

    @Override
    public PairList<String, Shape> describeOutput() {
        PairList<String, Shape> outputs = new PairList<>();
        outputs.add("logits", new Shape(-1, -1, limits.vocabSize()));
        return outputs;
    }

    @Override
    public Shape[] getOutputShapes(Shape[] inputShapes) {
        Shape ids = inputShapes[0];
        return new Shape[] {new Shape(ids.get(0), ids.get(1), limits.vocabSize())};
    }

    @Override
    public DataType[] getOutputDataTypes() {
        return new DataType[] {DataType.FLOAT32};
    }

    /** Returns none: weights are streamed, and no part of DJL's parameters. */
    @Override
    public ParameterList getDirectParameters() {
        return new ParameterList();
    }

    @Override
    public boolean isInitialized() {
        return true;
    }
}
