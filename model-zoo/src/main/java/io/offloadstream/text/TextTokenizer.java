/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import io.offloadstream.checkpoint.CheckpointException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Map;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;

/**
 * The tokenizer of a model directory: {@code tokenizer.json}, run by the Hugging Face tokenizers
 * library through DJL. Truncation and padding are off whatever the file says, so a prompt keeps all
 * its ids. The text of {@link #decode} is what the file's decoder gives; {@code
 * clean_up_tokenization_spaces} is not applied, as transformers 5 does not for BPE.
 *
 * <p>Thread-safe: encoding and decoding run in parallel, {@link #close} waits for them.
 */
public final class TextTokenizer implements AutoCloseable {

    /** Which build of the native library DJL's loader takes; an environment variable wins. */
    private static final String FLAVOR_KEY = "RUST_FLAVOR";

    static {
        // Before the native library is loaded: on a machine with a GPU the loader would otherwise
        // download a CUDA build, which is of no use to a tokenizer.
        if (System.getenv(FLAVOR_KEY) == null && System.getProperty(FLAVOR_KEY) == null) {
            System.setProperty(FLAVOR_KEY, "cpu");
        }
    }

    private final HuggingFaceTokenizer tokenizer;
    private final BitSet byteTokens;
    private final ReadWriteLock lock = new ReentrantReadWriteLock();
    private boolean closed;

    private TextTokenizer(HuggingFaceTokenizer tokenizer, BitSet byteTokens) {
        this.tokenizer = tokenizer;
        this.byteTokens = byteTokens;
    }

    /**
     * Opens the tokenizer of a model directory.
     *
     * @param modelDirectory holds {@code tokenizer.json}
     * @return the tokenizer, for the caller to close
     * @throws CheckpointException if the file is missing or damaged
     */
    public static TextTokenizer open(Path modelDirectory) {
        Path file = modelDirectory.resolve("tokenizer.json");
        try {
            byte[] json = Files.readAllBytes(file);
            BitSet byteTokens = ByteTokens.read(new String(json, StandardCharsets.UTF_8));
            HuggingFaceTokenizer tokenizer =
                    HuggingFaceTokenizer.newInstance(
                            new ByteArrayInputStream(json),
                            Map.of("truncation", "false", "padding", "false"));
            return new TextTokenizer(tokenizer, byteTokens);
        } catch (NoSuchFileException e) {
            throw new CheckpointException(
                    file + " is missing: text needs a tokenizer in tokenizer.json form", e);
        } catch (IOException | RuntimeException e) {
            throw new CheckpointException(
                    file + " cannot be read as a tokenizer: " + e.getMessage(), e);
        }
    }

    /**
     * Splits text into tokens. Tokens written out in the text, such as {@code <|im_start|>}, become
     * their ids in either case.
     *
     * @param text any text; a lone surrogate counts as U+FFFD
     * @param addSpecialTokens whether the tokenizer adds its own, such as BOS: true for plain text,
     *     false for text that a chat template rendered, which has them already
     * @return the ids, all of them
     */
    public int[] encode(String text, boolean addSpecialTokens) {
        String wellFormed = replaceLoneSurrogates(text);
        lock.readLock().lock();
        try {
            checkOpen();
            long[] ids = tokenizer.encode(wellFormed, addSpecialTokens, false).getIds();
            int[] result = new int[ids.length];
            for (int i = 0; i < ids.length; i++) {
                result[i] = Math.toIntExact(ids[i]);
            }
            return result;
        } finally {
            lock.readLock().unlock();
        }
    }

    /**
     * Splits text that a {@link ChatTemplate} rendered into tokens: the template wrote the special
     * tokens, so none is added a second time.
     *
     * @param rendered what {@link ChatTemplate#render} gave
     * @return the ids, all of them
     */
    public int[] encodeChat(String rendered) {
        return encode(rendered, false);
    }

    /**
     * Joins tokens to text.
     *
     * @param ids token ids; those past the vocabulary count as nothing
     * @param skipSpecialTokens whether special tokens are left out
     * @return the text; bytes that are not UTF-8 become U+FFFD
     */
    public String decode(int[] ids, boolean skipSpecialTokens) {
        long[] wide = new long[ids.length];
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0) {
                throw new IllegalArgumentException(
                        "token id " + ids[i] + " at index " + i + " is negative");
            }
            wide[i] = ids[i];
        }
        lock.readLock().lock();
        try {
            checkOpen();
            return tokenizer.decode(wide, skipSpecialTokens);
        } finally {
            lock.readLock().unlock();
        }
    }

    /**
     * Tells whether a token is a single byte that the decoder joins with its neighbours.
     *
     * @param id a token id
     * @return true for {@code <0x00>} to {@code <0xFF>} of a byte-fallback tokenizer
     */
    boolean isByteToken(int id) {
        return byteTokens.get(id);
    }

    /** Frees the native memory. */
    @Override
    public void close() {
        lock.writeLock().lock();
        try {
            closed = true;
            tokenizer.close();
        } finally {
            lock.writeLock().unlock();
        }
    }

    private void checkOpen() {
        if (closed) {
            throw new IllegalStateException("the tokenizer is closed");
        }
    }

    /** The native side takes UTF-8, which has no surrogates. */
    private static String replaceLoneSurrogates(String text) {
        for (int i = 0; i < text.length(); ) {
            int point = text.codePointAt(i);
            if (Character.getType(point) == Character.SURROGATE) {
                return text.codePoints()
                        .map(p -> Character.getType(p) == Character.SURROGATE ? 0xFFFD : p)
                        .collect(
                                StringBuilder::new,
                                StringBuilder::appendCodePoint,
                                StringBuilder::append)
                        .toString();
            }
            i += Character.charCount(point);
        }
        return text;
    }
}
