/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import io.offloadstream.text.TemplateLexer.Part;
import io.offloadstream.text.TemplateLexer.Token;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Writes a Jinja template so that jinjava reads it the same way. Text and string literals become
 * variables, which no scanner can misread; slices become calls of {@code __slice}; what Jinja binds
 * more loosely gets parentheses ({@code not x is defined}, {@code f(a=b - 1)}). Line breaks inside
 * the tags keep the line numbers.
 */
final class TemplateRewriter {

    private static final Set<String> TAGS =
            Set.of(
                    "if",
                    "elif",
                    "else",
                    "endif",
                    "for",
                    "endfor",
                    "set",
                    "endset",
                    "macro",
                    "endmacro",
                    "call",
                    "endcall",
                    "break",
                    "continue");

    /** What marks the tokens of an answer for training changes no text. */
    private static final Set<String> SILENT_TAGS = Set.of("generation", "endgeneration");

    /** What ends the operand of {@code not}. */
    private static final Set<String> AFTER_NOT = Set.of("and", "or", "if", "else", ",", "=");

    private final Predicate<String> known;
    private final Map<String, Object> literals = new HashMap<>();
    private final StringBuilder out = new StringBuilder();
    private int line = 1;

    /**
     * Rewrites a template.
     *
     * @param parts of the lexer
     * @param known tells whether a filter ("|name") or test ("is name") exists
     * @throws IllegalArgumentException for what is not supported; the message has the line
     */
    TemplateRewriter(List<Part> parts, Predicate<String> known) {
        this.known = known;
        for (Part part : parts) {
            try {
                write(part);
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(
                        "line " + part.line() + ": " + e.getMessage(), e);
            }
        }
    }

    private void write(Part part) {
        switch (part.kind()) {
            case TEXT -> append("{{ ", variable(part.text()), "}}", part.line());
            case EXPRESSION ->
                    append("{{ ", "__str(" + expression(part.tokens()) + ")", "}}", part.line());
            default -> tag(part);
        }
    }

    /**
     * Returns the template for jinjava.
     *
     * @return its text
     */
    String source() {
        return out.toString();
    }

    /**
     * Returns the variables that it needs.
     *
     * @return texts by name
     */
    Map<String, Object> literals() {
        return literals;
    }

    private void append(String open, String code, String close, int partLine) {
        out.append(open).append(code);
        // jinjava counts the line where a tag ends.
        for (; line < partLine; line++) {
            out.append('\n');
        }
        out.append(' ').append(close);
    }

    private String variable(String text) {
        String name = "__text" + literals.size();
        literals.put(name, text);
        return name;
    }

    private void tag(Part part) {
        List<Token> tokens = part.tokens();
        String name = tokens.isEmpty() ? "" : tokens.get(0).text();
        if (SILENT_TAGS.contains(name)) {
            return;
        }
        if (!TAGS.contains(name)) {
            throw new IllegalArgumentException("the tag \"" + name + "\" is not supported");
        }
        List<Token> rest = tokens.subList(1, tokens.size());
        append("{% ", name + " " + operand(name, rest), "%}", part.line());
    }

    private String operand(String tag, List<Token> tokens) {
        return switch (tag) {
            case "macro" -> signature(tokens);
            case "if", "elif" -> "__truth(" + expression(tokens) + ")";
            case "for" -> loop(tokens);
            default -> expression(tokens);
        };
    }

    /** The parts of a loop, separated for {@link PythonForTag}. */
    private String loop(List<Token> tokens) {
        int in = indexOf(tokens, "in");
        if (in < 0) {
            throw new IllegalArgumentException("for has no \"in\"");
        }
        List<Token> sequence = tokens.subList(in + 1, tokens.size());
        List<Token> condition = List.of();
        int at = indexOf(sequence, "if");
        // With an else it is a choice between two sequences.
        if (at >= 0 && indexOf(sequence, "else") < 0) {
            condition = sequence.subList(at + 1, sequence.size());
            sequence = sequence.subList(0, at);
        }
        if (indexOf(tokens, "recursive") >= 0) {
            throw new IllegalArgumentException("a recursive loop is not supported");
        }
        return expression(tokens.subList(0, in))
                + ";"
                + expression(sequence)
                + ";"
                + expression(condition);
    }

    /** jinjava finds a macro's parameters by a pattern that takes no parentheses in them. */
    private String signature(List<Token> tokens) {
        StringBuilder code = new StringBuilder();
        for (Token token : tokens) {
            code.append(token.type() == 's' ? variable(token.text()) : token.text()).append(' ');
        }
        return code.toString();
    }

    private String expression(List<Token> tokens) {
        StringBuilder code = new StringBuilder();
        int i = 0;
        while (i < tokens.size()) {
            i = write(tokens, i, code);
        }
        return code.toString();
    }

    /** Writes one token, or a bracket with its contents, and returns the index after it. */
    private int write(List<Token> tokens, int i, StringBuilder code) {
        Token token = tokens.get(i);
        Token previous = i > 0 ? tokens.get(i - 1) : null;
        if (token.type() == 's') {
            StringBuilder text = new StringBuilder(token.text());
            int next = i + 1;
            for (; next < tokens.size() && tokens.get(next).type() == 's'; next++) {
                text.append(tokens.get(next).text());
            }
            code.append(variable(text.toString())).append(' ');
            return next;
        }
        if (token.is("(") || token.is("{") || token.is("[")) {
            int end = closing(tokens, i);
            List<Token> inside = tokens.subList(i + 1, end);
            if (token.is("[") && isOperand(previous) && indexOf(inside, ":") >= 0) {
                slice(inside, code);
            } else if (token.is("(") && isOperand(previous)) {
                code.append('(');
                arguments(inside, code);
                code.append(") ");
            } else {
                String open = token.text();
                String close = tokens.get(end).text();
                code.append(open).append(' ').append(expression(inside)).append(close).append(' ');
            }
            return end + 1;
        }
        Token next = i + 1 < tokens.size() ? tokens.get(i + 1) : null;
        boolean isTest = previous != null && previous.is("is");
        if (token.is("not") && !isTest && (next == null || !next.is("in"))) {
            int end = i + 1;
            while (end < tokens.size() && !endsNot(tokens.get(end))) {
                end = closing(tokens, end) + 1;
            }
            code.append("not (").append(expression(tokens.subList(i + 1, end))).append(") ");
            return end;
        }
        checkKnown(previous, token);
        code.append(token.text());
        if (!token.is(".") && (next == null || !next.is("."))) {
            code.append(' ');
        }
        return i + 1;
    }

    /** jinjava passes over filters that it does not know. */
    private void checkKnown(Token previous, Token token) {
        if (previous == null || token.type() != 'n' || token.is("not")) {
            return;
        }
        String kind = previous.is("|") ? "|" : previous.is("is") ? "is " : "";
        if (!kind.isEmpty() && !known.test(kind + token.text())) {
            throw new IllegalArgumentException(
                    "\"" + kind + token.text() + "\" is not a filter or test that is supported");
        }
    }

    private static boolean endsNot(Token token) {
        return token.type() != 's' && AFTER_NOT.contains(token.text());
    }

    /** Tells whether a bracket after this token is a call or a subscript. */
    private static boolean isOperand(Token token) {
        if (token == null) {
            return false;
        }
        Set<String> words = Set.of("and", "or", "not", "in", "is", "if", "else", "elif", "=");
        return token.type() == 's'
                || (token.type() == 'n' && !words.contains(token.text()))
                || token.is(")")
                || token.is("]")
                || token.is("}");
    }

    /** Returns the index of the bracket that closes the one at i; i itself for another token. */
    private static int closing(List<Token> tokens, int i) {
        int depth = 0;
        for (int at = i; at < tokens.size(); at++) {
            Token token = tokens.get(at);
            if (token.is("(") || token.is("[") || token.is("{")) {
                depth++;
            } else if (token.is(")") || token.is("]") || token.is("}")) {
                depth--;
            }
            if (depth == 0) {
                return at;
            }
        }
        throw new IllegalArgumentException(tokens.get(i).text() + " is not closed");
    }

    private static int indexOf(List<Token> tokens, String text) {
        for (int i = 0; i < tokens.size(); i = closing(tokens, i) + 1) {
            if (tokens.get(i).is(text)) {
                return i;
            }
        }
        return -1;
    }

    private void slice(List<Token> inside, StringBuilder code) {
        code.append(".__slice(");
        List<Token> rest = inside;
        for (int n = 0; n < 3; n++) {
            int colon = indexOf(rest, ":");
            List<Token> bound = colon < 0 ? rest : rest.subList(0, colon);
            code.append(n > 0 ? ", " : "");
            code.append(bound.isEmpty() ? "null" : expression(bound));
            rest = colon < 0 ? List.of() : rest.subList(colon + 1, rest.size());
        }
        code.append(") ");
    }

    private void arguments(List<Token> inside, StringBuilder code) {
        List<Token> rest = inside;
        while (!rest.isEmpty()) {
            int comma = indexOf(rest, ",");
            List<Token> argument = comma < 0 ? rest : rest.subList(0, comma);
            if (argument.size() > 2 && argument.get(1).is("=")) {
                code.append(argument.get(0).text()).append("=(");
                code.append(expression(argument.subList(2, argument.size()))).append(')');
            } else {
                code.append(expression(argument));
            }
            code.append(comma < 0 ? "" : ", ");
            rest = comma < 0 ? List.of() : rest.subList(comma + 1, rest.size());
        }
    }
}
