/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.arch;

import io.offloadstream.model.Architecture;
import io.offloadstream.model.Decoder;
import io.offloadstream.model.ModelConfig;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;

/**
 * GPT-2.
 *
 * <p>Source: Radford et al. 2019, Language Models are Unsupervised Multitask Learners; transformers
 * 5.17 configuration_gpt2.py.
 */
public final class Gpt2Architecture implements Architecture {

    @Override
    public Set<String> names() {
        return Set.of("GPT2LMHeadModel", "gpt2");
    }

    @Override
    public Decoder create(ModelConfig config) {
        Gpt2Config c = Gpt2Config.read(config);
        return new Gpt2Decoder(c, blocks(c));
    }

    /** One object for all layers, unless their scores are scaled by layer. */
    private static List<Gpt2Block> blocks(Gpt2Config c) {
        if (!c.scaleByLayer()) {
            return Collections.nCopies(c.layers(), new Gpt2Block(c, c.scale(0)));
        }
        List<Gpt2Block> blocks = new ArrayList<>();
        for (int layer = 0; layer < c.layers(); layer++) {
            blocks.add(new Gpt2Block(c, c.scale(layer)));
        }
        return blocks;
    }
}
