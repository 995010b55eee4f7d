/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.text;

import com.hubspot.jinjava.interpret.JinjavaInterpreter;
import com.hubspot.jinjava.lib.tag.ElseTag;
import com.hubspot.jinjava.lib.tag.ForTag;
import com.hubspot.jinjava.tree.Node;
import com.hubspot.jinjava.tree.TagNode;
import com.hubspot.jinjava.util.ForLoop;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import jinjava.javax.el.ELException;

/**
 * Jinja's {@code for}: {@code else}, {@code if} behind the sequence, variables that live for one
 * turn only, {@code loop.previtem} and {@code loop.nextitem}. The rewriter separates its parts:
 * {@code for NAMES ; SEQUENCE ; CONDITION}.
 */
final class PythonForTag extends ForTag {

    private static final long serialVersionUID = 1L;

    @Override
    public String interpretUnchecked(TagNode tag, JinjavaInterpreter interpreter) {
        String[] parts = tag.getHelpers().split(";", -1);
        String[] names = parts[0].strip().split("\\s*,\\s*");
        List<Object> items = items(interpreter.resolveELExpression(parts[1], tag.getLineNumber()));
        if (!parts[2].isBlank()) {
            items.removeIf(item -> !holds(parts[2], item, names, tag, interpreter));
        }
        List<Node> body = new ArrayList<>();
        List<Node> otherwise = new ArrayList<>();
        List<Node> target = body;
        for (Node node : tag.getChildren()) {
            if (node instanceof TagNode tagNode && tagNode.getName().equals(ElseTag.TAG_NAME)) {
                target = otherwise;
            } else {
                target.add(node);
            }
        }
        StringBuilder out = new StringBuilder();
        if (items.isEmpty()) {
            otherwise.forEach(node -> out.append(node.render(interpreter)));
            return out.toString();
        }
        Loop loop = new Loop(items);
        while (loop.hasNext()) {
            Object item = loop.next();
            interpreter.enterScope();
            try {
                interpreter.getContext().put(LOOP, loop);
                bind(names, item, interpreter);
                for (Node node : body) {
                    out.append(node.render(interpreter));
                    if (loop.isContinued()) {
                        break;
                    }
                }
            } finally {
                interpreter.leaveScope();
            }
        }
        return out.toString();
    }

    private static boolean holds(
            String condition,
            Object item,
            String[] names,
            TagNode tag,
            JinjavaInterpreter interpreter) {
        interpreter.enterScope();
        try {
            bind(names, item, interpreter);
            return PythonSyntax.isTrue(
                    interpreter.resolveELExpression(condition, tag.getLineNumber()));
        } finally {
            interpreter.leaveScope();
        }
    }

    private static List<Object> items(Object sequence) {
        if (sequence instanceof Map) {
            return new ArrayList<>(((Map<?, ?>) sequence).keySet());
        } else if (sequence instanceof Collection) {
            return new ArrayList<>((Collection<?>) sequence);
        } else if (sequence instanceof String string) {
            List<Object> characters = new ArrayList<>();
            string.codePoints().forEach(c -> characters.add(Character.toString(c)));
            return characters;
        } else if (sequence instanceof Iterable) {
            List<Object> items = new ArrayList<>();
            ((Iterable<?>) sequence).forEach(items::add);
            return items;
        } else if (sequence == null) {
            return new ArrayList<>();
        }
        throw new ELException(PythonText.str(sequence) + " cannot be iterated over");
    }

    private static void bind(String[] names, Object item, JinjavaInterpreter interpreter) {
        if (names.length == 1) {
            interpreter.getContext().put(names[0], interpreter.wrap(item));
            return;
        }
        List<Object> values = items(item);
        if (values.size() != names.length) {
            throw new ELException(
                    "cannot unpack " + values.size() + " values into " + String.join(", ", names));
        }
        for (int i = 0; i < names.length; i++) {
            interpreter.getContext().put(names[i], interpreter.wrap(values.get(i)));
        }
    }

    /** The variable {@code loop}; its getters are the names that templates use. */
    static final class Loop extends ForLoop {

        private final List<Object> items;

        Loop(List<Object> items) {
            super(items.iterator(), items.size());
            this.items = items;
        }

        /** Returns the item before, null at the start. */
        public Object getPrevitem() {
            return getIndex0() > 0 ? items.get(getIndex0() - 1) : null;
        }

        /** Returns the item after, null at the end. */
        public Object getNextitem() {
            return getIndex() < items.size() ? items.get(getIndex()) : null;
        }

        @Override
        public int getLength() {
            return items.size();
        }

        @Override
        public int getRevindex0() {
            return items.size() - getIndex();
        }
    }
}
