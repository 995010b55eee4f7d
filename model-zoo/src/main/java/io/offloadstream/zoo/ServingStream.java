/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.zoo;

import ai.djl.inference.streaming.IteratorBytesSupplier;
import ai.djl.inference.streaming.PublisherBytesSupplier;
import ai.djl.inference.streaming.StreamingTranslator.StreamOutput;
import ai.djl.modality.Output;
import ai.djl.ndarray.BytesSupplier;
import ai.djl.ndarray.NDList;
import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.stream.Stream;

/**
 * An answer in chunks: pieces of text for a plain request; for a JSON request the lines of DJL
 * Serving's {@code application/jsonlines}, one for each token, {@code {"token": {"id": 5, "text": "
 * is"}}}, and a last one that has {@code generated_text} and {@code details} as well.
 */
final class ServingStream extends StreamOutput<Output> {

    private static final Gson GSON = new Gson();

    private final boolean json;
    private final Completion completion;
    private final Stream<NDList> stream;

    /**
     * Prepares an answer.
     *
     * @param json whether the request was JSON
     * @param completion grows with each token
     * @param stream the tokens
     */
    ServingStream(boolean json, Completion completion, Stream<NDList> stream) {
        this.json = json;
        this.completion = completion;
        this.stream = stream;
    }

    @Override
    protected Output buildAsyncOutput() {
        return output(new PublisherBytesSupplier());
    }

    @Override
    protected void computeAsyncOutputInternal(Output output) {
        PublisherBytesSupplier target = (PublisherBytesSupplier) output.getData();
        Chunks chunks = new Chunks();
        while (chunks.hasNext()) {
            byte[] chunk = chunks.next().getAsBytes();
            target.appendContent(chunk, chunks.isLast());
        }
    }

    @Override
    public Output getIterativeOutputInternal() {
        return output(new IteratorBytesSupplier(new Chunks()));
    }

    private Output output(BytesSupplier body) {
        Output output = new Output();
        output.addProperty(
                "Content-Type", json ? "application/jsonlines" : ServingTextTranslator.TEXT);
        output.add(body);
        return output;
    }

    /** One chunk for each token, and one for the end. */
    private final class Chunks implements Iterator<BytesSupplier> {

        private final Iterator<NDList> tokens = stream.iterator();
        private boolean last;

        boolean isLast() {
            return last;
        }

        @Override
        public boolean hasNext() {
            return !last;
        }

        @Override
        public BytesSupplier next() {
            if (last) {
                throw new NoSuchElementException("the answer has ended");
            }
            if (!completion.advance(tokens)) {
                stream.close();
                last = true;
            }
            String piece = completion.take();
            String chunk = json ? GSON.toJson(line(piece)) + "\n" : piece;
            return BytesSupplier.wrap(chunk.getBytes(StandardCharsets.UTF_8));
        }

        private JsonObject line(String piece) {
            JsonObject token = new JsonObject();
            if (!last) {
                token.addProperty("id", completion.lastToken());
            }
            token.addProperty("text", piece);
            JsonObject line = new JsonObject();
            line.add("token", token);
            if (last) {
                JsonObject details = new JsonObject();
                details.addProperty("finish_reason", completion.finishReason());
                details.addProperty("generated_tokens", completion.tokens());
                line.add("details", details);
                line.addProperty("generated_text", completion.text());
            }
            return line;
        }
    }
}
