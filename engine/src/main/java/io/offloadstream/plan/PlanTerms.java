/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.plan;

import io.offloadstream.plan.PlanRequest.Term;
import io.offloadstream.platform.BudgetExceededException;
import java.util.ArrayList;
import java.util.List;

/** The named parts of one budget, in the order in which they are decided. Immutable. */
record PlanTerms(List<Term> list) {

    /** Copies the list. */
    PlanTerms {
        list = List.copyOf(list);
    }

    /** With another part behind; nothing is added for 0 bytes. */
    PlanTerms with(String name, long bytes) {
        if (bytes == 0) {
            return this;
        }
        List<Term> longer = new ArrayList<>(list);
        longer.add(new Term(name, bytes));
        return new PlanTerms(longer);
    }

    /** Saturates: fixed terms may be as large as a long holds. */
    long sum() {
        long sum = 0;
        for (Term term : list) {
            sum = term.bytes() > Long.MAX_VALUE - sum ? Long.MAX_VALUE : sum + term.bytes();
        }
        return sum;
    }

    /** The refusal of a budget that does not hold these terms, which are the least that works. */
    BudgetExceededException tooSmall(String option, long givenBytes, String remedy) {
        StringBuilder parts = new StringBuilder();
        for (Term term : list) {
            parts.append(parts.length() == 0 ? "" : ", ");
            parts.append(term.name()).append(' ').append(term.bytes());
        }
        return new BudgetExceededException(
                "the model needs at least "
                        + option
                        + "="
                        + sum()
                        + " bytes ("
                        + parts
                        + "), "
                        + option
                        + "="
                        + givenBytes
                        + " was given; "
                        + remedy,
                sum(),
                givenBytes);
    }
}
