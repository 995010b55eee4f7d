/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Splits a Jinja template into text, expressions and tags, and does all of its whitespace control:
 * {@code trim_blocks} and {@code lstrip_blocks} on, as transformers sets them, and the marks {@code
 * -} and {@code +}. jinjava's own rules differ from Jinja's in both.
 *
 * <p>Source: jinja2/lexer.py of 3.1.
 */
final class TemplateLexer {

    /** What a part is. */
    enum Kind {
        TEXT,
        EXPRESSION,
        TAG
    }

    /**
     * A part of the template.
     *
     * @param kind what it is
     * @param text of a text, empty for the others
     * @param tokens between the delimiters, empty for a text
     * @param line where it starts, from 1
     */
    record Part(Kind kind, String text, List<Token> tokens, int line) {}

    /**
     * A token of an expression or tag.
     *
     * @param type n(ame), number (0), s(tring, text without quotes and escapes) or o(perator)
     * @param text of the token
     */
    record Token(char type, String text) {

        boolean is(String other) {
            return type != 's' && text.equals(other);
        }
    }

    private static final Pattern TOKEN =
            Pattern.compile(
                    "\\s*(?:(?<n>[\\p{L}_][\\p{L}\\p{N}_]*)"
                            + "|(?<d>\\d[\\d_]*(?:\\.\\d+)?(?:[eE][+-]?\\d+)?)"
                            + "|(?<s>'(?:[^'\\\\]|\\\\.)*+'|\"(?:[^\"\\\\]|\\\\.)*+\")"
                            + "|(?<o>//|\\*\\*|==|!=|>=|<=|[-+*/%~()\\[\\]{}<>=.:|,;]))",
                    Pattern.DOTALL);

    private static final Pattern END_RAW =
            Pattern.compile("\\{%(?<open>[-+]?)\\s*endraw\\s*(?<close>[-+]?)%\\}");

    private final String source;
    private final List<Part> parts = new ArrayList<>();
    private int position;

    /** Whether the text to come starts a line, which lstrip_blocks asks. */
    private boolean lineStart = true;

    private TemplateLexer(String source) {
        this.source = source;
    }

    /**
     * Splits a template.
     *
     * @param template as published
     * @return its parts, without comments
     * @throws IllegalArgumentException if a part does not end; the message has the line
     */
    static List<Part> split(String template) {
        String source = template.replace("\r\n", "\n").replace('\r', '\n');
        if (source.endsWith("\n")) {
            source = source.substring(0, source.length() - 1);
        }
        TemplateLexer lexer = new TemplateLexer(source);
        lexer.run();
        return lexer.parts;
    }

    private void run() {
        while (position < source.length()) {
            int open = nextOpen();
            if (open < 0) {
                addText(source.substring(position), position);
                return;
            }
            char kind = source.charAt(open + 1);
            char mark = open + 2 < source.length() ? source.charAt(open + 2) : ' ';
            addText(stripped(source.substring(position, open), kind, mark), position);
            position = open + (mark == '-' || mark == '+' ? 3 : 2);
            if (kind == '#') {
                int end = source.indexOf("#}", position);
                if (end < 0) {
                    throw new IllegalArgumentException("line " + line(open) + ": {# has no #}");
                }
                close(source.charAt(end - 1), end + 2, true);
            } else {
                readCode(kind, open);
            }
        }
    }

    private int nextOpen() {
        for (int i = source.indexOf('{', position); i >= 0; i = source.indexOf('{', i + 1)) {
            if (i + 1 < source.length() && "{%#".indexOf(source.charAt(i + 1)) >= 0) {
                return i;
            }
        }
        return -1;
    }

    private String stripped(String text, char kind, char mark) {
        if (mark == '-') {
            return text.stripTrailing();
        }
        int lineBegin = text.lastIndexOf('\n') + 1;
        boolean atLineStart = lineBegin > 0 || lineStart;
        if (mark != '+' && kind != '{' && atLineStart && text.substring(lineBegin).isBlank()) {
            return text.substring(0, lineBegin);
        }
        return text;
    }

    private void readCode(char kind, int open) {
        List<Token> tokens = new ArrayList<>();
        String end = kind == '{' ? "}}" : "%}";
        Matcher matcher = TOKEN.matcher(source);
        for (int depth = 0; ; ) {
            int at = skipSpace(position);
            if (depth == 0) {
                boolean marked = at < source.length() && "-+".indexOf(source.charAt(at)) >= 0;
                if (source.startsWith(end, at)) {
                    addCode(kind, tokens, open, at + 2, ' ');
                    return;
                } else if (marked && source.startsWith(end, at + 1)) {
                    addCode(kind, tokens, open, at + 3, source.charAt(at));
                    return;
                }
            }
            matcher.region(position, source.length());
            if (!matcher.lookingAt()) {
                throw new IllegalArgumentException(
                        "line "
                                + line(open)
                                + ": "
                                + (at < source.length()
                                        ? "unexpected '" + source.charAt(at) + "'"
                                        : "the end of the template")
                                + " before "
                                + end);
            }
            position = matcher.end();
            Token token = token(matcher);
            if (token.type() == 'o' && "([{".contains(token.text())) {
                depth++;
            } else if (token.type() == 'o' && ")]}".contains(token.text())) {
                depth--;
            }
            tokens.add(token);
        }
    }

    private int skipSpace(int from) {
        int at = from;
        while (at < source.length() && Character.isWhitespace(source.charAt(at))) {
            at++;
        }
        return at;
    }

    private static Token token(Matcher matcher) {
        if (matcher.group("n") != null) {
            return new Token('n', matcher.group("n"));
        } else if (matcher.group("d") != null) {
            return new Token('0', matcher.group("d").replace("_", ""));
        } else if (matcher.group("s") != null) {
            String quoted = matcher.group("s");
            return new Token('s', PythonText.unescape(quoted.substring(1, quoted.length() - 1)));
        }
        return new Token('o', matcher.group("o"));
    }

    private void addCode(char kind, List<Token> tokens, int open, int after, char mark) {
        close(mark, after, kind == '%');
        if (kind == '%' && !tokens.isEmpty() && tokens.get(0).is("raw")) {
            readRaw(open);
            return;
        }
        Kind partKind = kind == '{' ? Kind.EXPRESSION : Kind.TAG;
        parts.add(new Part(partKind, "", List.copyOf(tokens), line(open)));
    }

    private void readRaw(int open) {
        Matcher matcher = END_RAW.matcher(source);
        if (!matcher.find(position)) {
            throw new IllegalArgumentException("line " + line(open) + ": raw has no endraw");
        }
        String mark = matcher.group("open");
        String text = source.substring(position, matcher.start());
        addText(stripped(text, '%', mark.isEmpty() ? ' ' : mark.charAt(0)), position);
        String closeMark = matcher.group("close");
        close(closeMark.isEmpty() ? ' ' : closeMark.charAt(0), matcher.end(), true);
    }

    /** Moves behind a delimiter and the whitespace that it takes with it. */
    private void close(char mark, int after, boolean trimsNewline) {
        position = after;
        lineStart = false;
        if (mark == '-') {
            position = skipSpace(after);
            lineStart = position > after && source.charAt(position - 1) == '\n';
        } else if (mark != '+' && trimsNewline && source.startsWith("\n", after)) {
            position++;
            lineStart = true;
        }
    }

    private void addText(String text, int from) {
        if (!text.isEmpty()) {
            parts.add(new Part(Kind.TEXT, text, List.of(), line(from)));
        }
    }

    private int line(int at) {
        return 1 + (int) source.substring(0, at).chars().filter(c -> c == '\n').count();
    }
}
