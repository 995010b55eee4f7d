/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.el.JinjavaInterpreterResolver;
import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.interpret.RenderResult;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.lib.exptest.ExpTest;
import com.hubspot.jinjava.lib.filter.AdvancedFilter;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import com.hubspot.jinjava.objects.date.StrftimeFormatter;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import jinjava.javax.el.CompositeELResolver;
import jinjava.javax.el.ExpressionFactory;

/**
 * jinjava, set up to do what transformers does with Jinja: its functions and filters, Python's
 * methods, no interpretation of what variables hold (a user's text stays text).
 */
final class TemplateEngine {

    private static final int MACRO_DEPTH = 100;

    private final Jinjava jinjava;
    private final String source;
    private final Map<String, Object> literals;

    /**
     * Takes a template.
     *
     * @param template as published
     * @throws IllegalArgumentException if it cannot be read; the message has the line
     */
    TemplateEngine(String template) {
        CompositeELResolver resolver = new CompositeELResolver();
        resolver.add(new PythonMethods());
        resolver.add(JinjavaInterpreterResolver.DEFAULT_RESOLVER_READ_ONLY);
        LegacyOverrides overrides =
                LegacyOverrides.newBuilder()
                        .withEvaluateMapKeys(true)
                        .withIterateOverMapKeys(true)
                        .withUsePyishObjectMapper(true)
                        .withUseNaturalOperatorPrecedence(true)
                        .withParseWhitespaceControlStrictly(true)
                        .withKeepNullableLoopValues(true)
                        .build();
        jinjava =
                new PythonJinjava(
                        JinjavaConfig.newBuilder()
                                .withLegacyOverrides(overrides)
                                .withNestedInterpretationEnabled(false)
                                .withElResolver(resolver)
                                .withEnableRecursiveMacroCalls(true)
                                .withMaxMacroRecursionDepth(MACRO_DEPTH)
                                .build());
        register("raise_exception", "raise", String.class);
        register("strftime_now", "now", String.class);
        register("__str", "str", Object.class);
        register("__truth", "truth", Object.class);
        jinjava.registerTag(new PythonForTag());
        jinjava.registerExpTest(new IterableTest());
        jinjava.registerFilter(new PythonFilter("string"));
        jinjava.registerFilter(new PythonFilter("trim"));
        jinjava.registerFilter(new PythonFilter("tojson"));
        TemplateRewriter rewriter =
                new TemplateRewriter(TemplateLexer.split(template), this::isKnown);
        source = rewriter.source();
        literals = rewriter.literals();
    }

    private boolean isKnown(String name) {
        return name.startsWith("|")
                ? jinjava.getGlobalContext().getFilter(name.substring(1)) != null
                : jinjava.getGlobalContext().getExpTest(name.substring(3)) != null;
    }

    private void register(String name, String method, Class<?> type) {
        jinjava.registerFunction(
                new ELFunctionDefinition("", name, TemplateEngine.class, method, type));
    }

    /**
     * Renders the template. Calls follow each other.
     *
     * @param variables by name
     * @return the text
     * @throws TemplateFailure if the template fails
     */
    synchronized String render(Map<String, ?> variables) {
        Map<String, Object> bindings = new HashMap<>(literals);
        bindings.putAll(variables);
        RenderResult result = jinjava.renderForResult(source, bindings);
        List<TemplateError> errors = result.getErrors();
        if (!errors.isEmpty()) {
            throw failure(errors.get(0));
        }
        return result.getOutput();
    }

    private TemplateFailure failure(TemplateError error) {
        for (Throwable t = error.getException(); t != null; t = t.getCause()) {
            if (t instanceof TemplateFailure) {
                return new TemplateFailure(t.getMessage(), error.getLineno());
            }
        }
        String message = error.getMessage();
        for (Map.Entry<String, Object> literal : literals.entrySet()) {
            message = message.replace(literal.getKey() + " ", "\"" + literal.getValue() + "\" ");
        }
        return new TemplateFailure(message, error.getLineno());
    }

    /** {@code raise_exception(message)}. */
    @SuppressWarnings("DoNotCallSuggester") // templates call it by name
    static String raise(String message) {
        throw new TemplateFailure(message, 0);
    }

    /** {@code strftime_now(format)}. */
    static String now(String format) {
        return StrftimeFormatter.format(
                ZonedDateTime.now(ZoneId.systemDefault()), format, Locale.ENGLISH);
    }

    /** How an expression is printed; undefined is nothing. */
    static String str(Object value) {
        return value == null ? "" : PythonText.str(value);
    }

    /** What a condition counts as. */
    static boolean truth(Object value) {
        return PythonSyntax.isTrue(value);
    }

    /** Evaluates expressions by {@link PythonSyntax}. */
    private static final class PythonJinjava extends Jinjava {

        private final ExpressionFactory expressions = PythonSyntax.factory();

        PythonJinjava(JinjavaConfig config) {
            super(config);
        }

        @Override
        public ExpressionFactory getExpressionFactory() {
            return expressions;
        }
    }

    /** In Python a string is iterable too. */
    private static final class IterableTest implements ExpTest {

        @Override
        public String getName() {
            return "iterable";
        }

        @Override
        public boolean evaluate(Object value, JinjavaInterpreter interpreter, Object... arguments) {
            return value instanceof String || value instanceof Iterable || value instanceof Map;
        }
    }

    /** A template's own error, or jinjava's. */
    static final class TemplateFailure extends RuntimeException {

        private static final long serialVersionUID = 1L;

        private final int line;

        TemplateFailure(String message, int line) {
            super(message);
            this.line = line;
        }

        int line() {
            return line;
        }
    }

    /** Filters that jinjava does not have, or has in its own way. */
    private static final class PythonFilter implements AdvancedFilter {

        private final String name;

        PythonFilter(String name) {
            this.name = name;
        }

        @Override
        public String getName() {
            return name;
        }

        @Override
        public Object filter(
                Object value,
                JinjavaInterpreter interpreter,
                Object[] arguments,
                Map<String, Object> named) {
            switch (name) {
                case "string" -> {
                    return str(value);
                }
                case "trim" -> {
                    return PythonStrings.call(str(value), "strip", arguments);
                }
                default -> {
                    Object indent = named.get("indent");
                    return PythonText.json(
                            value, indent == null ? -1 : ((Number) indent).intValue());
                }
            }
        }
    }
}
