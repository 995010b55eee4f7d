/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.stream;

import java.util.ArrayList;
import java.util.List;

/**
 * Positions: they count the groups of the current pass and go on into the next one, whose order is
 * taken to be that of the last complete pass. Each has a slot of the ring, or none. Guarded by the
 * pipeline's lock.
 */
final class PassOrder {

    private static final int[] NOTHING = {};

    private int[] order = NOTHING;
    private Slot[] assigned = {};
    private int[] nextOrder = NOTHING;
    private Slot[] nextAssigned = {};
    private int[] lastComplete;
    private int computing;

    /** One past the last position. */
    int end() {
        return order.length + nextOrder.length;
    }

    /** The position of the group that computes, or is to compute next. */
    int computing() {
        return computing;
    }

    boolean isNextPass(int position) {
        return position >= order.length;
    }

    /** Whether the current pass has no more groups. */
    boolean atEnd() {
        return computing == order.length;
    }

    int group(int position) {
        return position < order.length ? order[position] : nextOrder[position - order.length];
    }

    Slot slot(int position) {
        return position < order.length ? assigned[position] : nextAssigned[position - order.length];
    }

    void assign(int position, Slot slot) {
        if (position < order.length) {
            assigned[position] = slot;
        } else {
            nextAssigned[position - order.length] = slot;
        }
    }

    void advance() {
        computing++;
    }

    /**
     * Makes an order the current one, keeping what was read ahead for it.
     *
     * @return slots that were read ahead for something else, or whose reads failed
     */
    List<Slot> begin(int[] newOrder) {
        int kept = 0;
        while (kept < Math.min(newOrder.length, nextOrder.length)
                && newOrder[kept] == nextOrder[kept]) {
            kept++;
        }
        List<Slot> dropped = new ArrayList<>();
        Slot[] newAssigned = new Slot[newOrder.length];
        for (int i = 0; i < nextOrder.length; i++) {
            Slot slot = nextAssigned[i];
            if (slot != null && (i >= kept || slot.state() == Slot.State.FAILED)) {
                dropped.add(slot);
            } else if (slot != null) {
                newAssigned[i] = slot;
            }
        }
        order = newOrder;
        assigned = newAssigned;
        nextOrder = lastComplete == null ? newOrder : lastComplete;
        nextAssigned = new Slot[nextOrder.length];
        computing = 0;
        return dropped;
    }

    /**
     * Ends the current pass.
     *
     * @return slots of groups that it did not reach
     */
    List<Slot> endPass() {
        List<Slot> dropped = new ArrayList<>();
        for (int i = 0; i < order.length; i++) {
            if (assigned[i] != null) {
                dropped.add(assigned[i]);
                assigned[i] = null;
            }
        }
        if (atEnd()) {
            lastComplete = order;
        }
        computing = order.length;
        return dropped;
    }
}
