/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import java.util.Arrays;
import java.util.List;

/**
 * Turns generated tokens into pieces of text as they come. A piece never ends inside a character,
 * special tokens are left out, and the pieces together are what {@link TextTokenizer#decode} with
 * {@code skipSpecialTokens} gives for all tokens, up to the first stop string or EOS token; neither
 * of the two is part of the text.
 *
 * <p>A token costs a few decodes of a window of recent tokens, however long the text is. The window
 * starts one piece back, because decoders treat the start of a text in their own way (sentencepiece
 * drops a leading space).
 *
 * <p>For one text, used by one thread at a time.
 */
public final class TextPieces {

    /**
     * Beyond this many tokens without a safe end (bytes that are no text at all) the window is cut.
     * A UTF-8 character has at most 4 bytes, so the tail that remains decides the same way.
     */
    private static final int WINDOW_TOKENS = 64;

    private static final int TAIL_TOKENS = 16;

    private final TextTokenizer tokenizer;
    private final List<String> stops;
    private final List<Integer> endIds;

    private int[] window = new int[WINDOW_TOKENS];
    private int windowTokens;

    /** Where the tokens after the last safe end start in the window. */
    private int freshStart;

    /** How many characters of the window's text are delivered. */
    private int delivered;

    /** Text that may turn out to be the start of a stop string. */
    private String held = "";

    private boolean finished;

    /**
     * Starts a text.
     *
     * @param tokenizer stays the caller's
     * @param config its stop strings and EOS tokens
     */
    public TextPieces(TextTokenizer tokenizer, GenerationConfig config) {
        this.tokenizer = tokenizer;
        this.stops = config.stop();
        this.endIds = config.eosTokenIds();
    }

    /**
     * Takes the next token.
     *
     * @param tokenId what the model generated
     * @return the text that is certain now, often empty; always empty after the end
     */
    public String accept(int tokenId) {
        if (finished) {
            return "";
        }
        if (endIds.contains(tokenId)) {
            String rest = finish();
            finished = true;
            return rest;
        }
        if (isSpecial(tokenId)) {
            return "";
        }
        append(tokenId);
        if (tokenizer.isByteToken(tokenId)) {
            return "";
        }
        return deliver(advance());
    }

    /**
     * Tells whether a stop string or an EOS token has come.
     *
     * @return true if there is nothing more to accept
     */
    public boolean isFinished() {
        return finished;
    }

    /**
     * Ends the text: there are no more tokens.
     *
     * @return what was held back; an incomplete character becomes U+FFFD, as in {@link
     *     TextTokenizer#decode}
     */
    public String finish() {
        if (finished) {
            return "";
        }
        String text = tokenizer.decode(Arrays.copyOf(window, windowTokens), true);
        String piece = deliver(text.substring(delivered)) + held;
        held = "";
        finished = true;
        return piece;
    }

    /** A special token is text only where special tokens are shown. */
    private boolean isSpecial(int tokenId) {
        int[] alone = {tokenId};
        return tokenizer.decode(alone, true).isEmpty() && !tokenizer.decode(alone, false).isEmpty();
    }

    private void append(int tokenId) {
        if (windowTokens == window.length) {
            window = Arrays.copyOf(window, 2 * window.length);
        }
        window[windowTokens++] = tokenId;
    }

    /** Decodes the window and returns what is certain and new in it. */
    private String advance() {
        String text = tokenizer.decode(Arrays.copyOf(window, windowTokens), true);
        // Only the last replacement character can still become part of a character: those before
        // it are settled by what follows them.
        boolean open = text.endsWith("\uFFFD");
        int certain = open ? text.length() - 1 : text.length();
        if (!open && certain == delivered && delivered > 0) {
            // No text, whatever surrounds it: an id past the tokenizer's vocabulary.
            windowTokens--;
            return "";
        }
        String fresh = certain > delivered ? text.substring(delivered, certain) : "";
        delivered = Math.max(delivered, certain);
        if (open) {
            cutLongWindow(text.length() - delivered);
        } else {
            moveWindow();
        }
        return fresh;
    }

    /** Keeps the tokens of this piece as the context of the next. */
    private void moveWindow() {
        int[] context = Arrays.copyOfRange(window, freshStart, windowTokens);
        int contextLength = tokenizer.decode(context, true).length();
        // A context without text (a lone leading space) would make the next piece a text's start.
        if (contextLength > 0) {
            System.arraycopy(context, 0, window, 0, context.length);
            windowTokens = context.length;
            delivered = contextLength;
        }
        freshStart = windowTokens;
    }

    private void cutLongWindow(int undelivered) {
        if (windowTokens > WINDOW_TOKENS) {
            int[] tail = Arrays.copyOfRange(window, windowTokens - TAIL_TOKENS, windowTokens);
            System.arraycopy(tail, 0, window, 0, tail.length);
            windowTokens = tail.length;
            freshStart = 0;
            delivered = tokenizer.decode(tail, true).length() - undelivered;
        }
    }

    /** Looks for stop strings in what is held and new, and holds back what may become one. */
    private String deliver(String fresh) {
        if (fresh.isEmpty()) {
            return "";
        }
        String text = held + fresh;
        int end = -1;
        for (String stop : stops) {
            int at = text.indexOf(stop);
            if (at >= 0 && (end < 0 || at < end)) {
                end = at;
            }
        }
        if (end >= 0) {
            finished = true;
            held = "";
            return text.substring(0, end);
        }
        int keep = 0;
        for (String stop : stops) {
            keep = Math.max(keep, overlap(text, stop));
        }
        held = text.substring(text.length() - keep);
        return text.substring(0, text.length() - keep);
    }

    /** The length of the longest end of the text that is a proper start of the stop string. */
    private static int overlap(String text, String stop) {
        for (int n = Math.min(text.length(), stop.length() - 1); n > 0; n--) {
            if (text.regionMatches(text.length() - n, stop, 0, n)) {
                return n;
            }
        }
        return 0;
    }
}
