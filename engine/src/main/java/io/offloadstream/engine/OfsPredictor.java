/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.engine;

import ai.djl.Device;
import ai.djl.inference.Predictor;
import ai.djl.inference.streaming.StreamingTranslator;
import ai.djl.inference.streaming.StreamingTranslator.StreamOutput;
import ai.djl.ndarray.NDList;
import ai.djl.translate.Batchifier;
import ai.djl.translate.TranslateException;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorContext;
import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.stream.StreamStats;
import java.util.List;
import java.util.stream.Stream;

/**
 * A predictor that owns what runs for it. Beyond DJL's:
 *
 * <ul>
 *   <li>{@link #close} from another thread ends a running prediction, waits for its end and gives
 *       all memory back; so does interrupting the predicting thread, after which the next
 *       prediction works.
 *   <li>Attachments of the translator's context named {@link OfsSymbolBlock#TOKEN_CHOOSER} and
 *       {@link OfsSymbolBlock#USE_CACHE} reach the block, streaming included.
 *   <li>A stream that was not read to its end is released by the next call, or by {@link #close}.
 *   <li>With {@code setMetrics}, what the weight stream did is added after each prediction.
 * </ul>
 *
 * <p>For one thread, as every DJL predictor, {@link #close} excepted; predictors of one model may
 * run in several threads.
 *
 * @param <I> the input type
 * @param <O> the output type
 */
public final class OfsPredictor<I, O> extends Predictor<I, O> {

    private final OfsModel ofsModel;
    private final OfsSymbolBlock ofsBlock;
    private final SessionScope scope;
    private Runnable openStream = () -> {};

    /**
     * Opens a predictor.
     *
     * @param model a loaded model
     * @param translator from and to the user's types
     */
    OfsPredictor(OfsModel model, Translator<I, O> translator) {
        // Not the model's device: this one is that of the arrays
        super(model, translator, Device.cpu(), false);
        ofsModel = model;
        ofsBlock = (OfsSymbolBlock) model.getBlock();
        scope = ofsBlock.newScope("the predictor of model " + model.getName());
    }

    @Override
    public List<O> batchPredict(List<I> inputs) throws TranslateException {
        enter();
        try {
            endStream();
            StreamStats before = metrics == null ? null : ofsModel.streamedModel().stats();
            List<O> outputs = super.batchPredict(inputs);
            if (before != null) {
                StreamMetrics.add(metrics, dimension, before, ofsModel.streamedModel().stats());
            }
            return outputs;
        } finally {
            scope.exit();
        }
    }

    @Override
    protected NDList predictInternal(TranslatorContext ctx, NDList ndList) {
        return ofsBlock.forward(parameterStore, ndList, false, PassParameters.of(ctx, scope));
    }

    @Override
    public StreamOutput<O> streamingPredict(I input) throws TranslateException {
        if (!supportsStreaming()) {
            return super.streamingPredict(input);
        }
        enter();
        try {
            endStream();
            PredictorContext context = new PredictorContext(model, manager, metrics);
            boolean begun = false;
            try {
                StreamOutput<O> output = stream(context, input);
                begun = true;
                return output;
            } finally {
                if (!begun) {
                    endStream();
                    context.close();
                }
            }
        } catch (TranslateException e) {
            throw e;
        } catch (Exception e) {
            throw new TranslateException(e);
        } finally {
            scope.exit();
        }
    }

    /** What DJL's streamingPredict does, with the parameters of the translator. */
    private StreamOutput<O> stream(PredictorContext context, I input) throws Exception {
        if (!prepared) {
            translator.prepare(context);
            prepared = true;
        }
        NDList inputs = translator.processInput(context, input);
        Batchifier batchifier = translator.getBatchifier();
        if (batchifier != null) {
            inputs = batchifier.batchify(new NDList[] {inputs});
        }
        Stream<NDList> tokens =
                ofsBlock.forwardStream(
                        parameterStore, inputs, false, PassParameters.of(context, scope));
        // the context outlives the last token: until then, and until the stream is closed, the
        // translator may use it
        Stream<NDList> outputs = tokens.onClose(() -> close(context));
        openStream = outputs::close;
        if (batchifier != null) {
            outputs = outputs.map(batch -> batchifier.unbatchify(batch)[0]);
        }
        return ((StreamingTranslator<I, O>) translator).processStreamOutput(context, outputs);
    }

    /** An instance method, so that an open stream keeps its predictor from being finalized. */
    private void close(PredictorContext context) {
        if (manager.isOpen()) {
            context.close();
        }
    }

    private void enter() throws TranslateException {
        try {
            scope.enter();
        } catch (OffloadStreamException e) {
            throw new TranslateException(e.getMessage(), e);
        }
    }

    private void endStream() {
        Runnable open = openStream;
        openStream = () -> {};
        open.run();
    }

    /**
     * Ends what runs, waits for it, and gives all memory back. May be called from another thread,
     * and twice.
     */
    @Override
    public void close() {
        scope.close();
        endStream();
        super.close();
    }
}
