/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import com.hubspot.jinjava.el.ExtendedSyntaxBuilder;
import com.hubspot.jinjava.el.TruthyTypeConverter;
import com.hubspot.jinjava.el.ext.AdditionOperator;
import com.hubspot.jinjava.el.ext.ExtendedParser;
import com.hubspot.jinjava.el.ext.StringConcatOperator;
import java.util.Collection;
import java.util.Map;
import java.util.Properties;
import jinjava.de.odysseus.el.ExpressionFactoryImpl;
import jinjava.de.odysseus.el.misc.TypeConverter;
import jinjava.de.odysseus.el.tree.Bindings;
import jinjava.de.odysseus.el.tree.TreeBuilder;
import jinjava.de.odysseus.el.tree.impl.Builder;
import jinjava.de.odysseus.el.tree.impl.Parser;
import jinjava.de.odysseus.el.tree.impl.ast.AstBinary;
import jinjava.de.odysseus.el.tree.impl.ast.AstNode;
import jinjava.javax.el.ELContext;
import jinjava.javax.el.ELException;
import jinjava.javax.el.ExpressionFactory;

/**
 * Expressions as Python evaluates them where jinjava does otherwise: {@code +} refuses None and
 * mixed types rather than print "null", {@code and} gives an operand, {@code ~} writes True and
 * None, the string "false" is true. Public because jinjava's expression factory makes it by name.
 */
public final class PythonSyntax extends ExtendedSyntaxBuilder {

    private static final long serialVersionUID = 1L;

    /**
     * Constructs the builder.
     *
     * @param features of the expression language
     */
    public PythonSyntax(Feature... features) {
        super(features);
    }

    static ExpressionFactory factory() {
        Properties properties = new Properties();
        properties.setProperty(TreeBuilder.class.getName(), PythonSyntax.class.getName());
        return new ExpressionFactoryImpl(properties, new Truth());
    }

    /** Python's truth: all but None, False, zero and what is empty. */
    static boolean isTrue(Object value) {
        if (value == null) {
            return false;
        } else if (value instanceof Boolean b) {
            return b;
        } else if (value instanceof Number number) {
            return number.doubleValue() != 0;
        } else if (value instanceof CharSequence charSequence) {
            return charSequence.length() > 0;
        } else if (value instanceof Collection) {
            return !((Collection<?>) value).isEmpty();
        }
        return !(value instanceof Map) || !((Map<?, ?>) value).isEmpty();
    }

    @Override
    protected Parser createParser(String expression) {
        return new PythonParser(this, expression);
    }

    private static final class Truth extends TruthyTypeConverter {

        private static final long serialVersionUID = 1L;

        @Override
        protected Boolean coerceToBoolean(Object value) {
            return isTrue(value);
        }
    }

    private static final class PythonParser extends ExtendedParser {

        PythonParser(Builder context, String input) {
            super(context, input);
            putExtensionHandler(
                    StringConcatOperator.TOKEN,
                    new ExtensionHandler(ExtensionPoint.ADD) {
                        @Override
                        public AstNode createAstNode(AstNode... children) {
                            return new AstBinary(children[0], children[1], new Tilde());
                        }
                    });
        }

        @Override
        protected AstBinary createAstBinary(
                AstNode left, AstNode right, AstBinary.Operator operator) {
            AstBinary.Operator python = operator;
            if (operator == AdditionOperator.OP) {
                python = new Plus();
            } else if (operator == AstBinary.AND) {
                python = new And();
            }
            return super.createAstBinary(left, right, python);
        }
    }

    private static final class Plus extends AdditionOperator {

        @Override
        protected Object apply(TypeConverter converter, Object left, Object right) {
            boolean strings = left instanceof String && right instanceof String;
            boolean numbers = isNumber(left) && isNumber(right);
            boolean lists = left instanceof Collection && right instanceof Collection;
            if (!strings && !numbers && !lists) {
                throw new ELException(
                        "cannot add "
                                + name(right)
                                + " to "
                                + name(left)
                                + "; one of the two may be undefined");
            }
            return super.apply(converter, left, right);
        }

        private static boolean isNumber(Object value) {
            return value instanceof Number || value instanceof Boolean;
        }

        private static String name(Object value) {
            if (value instanceof String) {
                return "a string";
            } else if (value instanceof Collection) {
                return "a list";
            }
            return value instanceof Map ? "a dict" : PythonText.str(value);
        }
    }

    private static final class Tilde extends AstBinary.SimpleOperator {

        @Override
        protected Object apply(TypeConverter converter, Object left, Object right) {
            return PythonText.str(left) + PythonText.str(right);
        }

        @Override
        public String toString() {
            return "~";
        }
    }

    private static final class And implements AstBinary.Operator {

        @Override
        public Object eval(Bindings bindings, ELContext context, AstNode left, AstNode right) {
            Object first = left.eval(bindings, context);
            return isTrue(first) ? right.eval(bindings, context) : first;
        }

        @Override
        public String toString() {
            return "&&";
        }
    }
}
