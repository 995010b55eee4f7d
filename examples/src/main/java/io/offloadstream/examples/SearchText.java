/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import ai.djl.ModelException;
import ai.djl.inference.Predictor;
import ai.djl.modality.nlp.generate.CausalLMOutput;
import ai.djl.modality.nlp.generate.SearchConfig;
import ai.djl.modality.nlp.generate.TextGenerator;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.TranslateException;
import io.offloadstream.platform.SuppressForbidden;
import io.offloadstream.text.TextTokenizer;
import io.offloadstream.zoo.OfsTranslatorFactory;
import java.io.IOException;
import java.nio.file.Path;

/** To copy: DJL's own TextGenerator over a streamed model. */
public final class SearchText {

    private SearchText() {}

    /**
     * Continues a prompt by greedy, contrastive and beam search.
     *
     * @param args model directory and prompt; without them the storyteller
     * @throws IOException if the model cannot be read
     * @throws ModelException if it is damaged or not supported
     * @throws TranslateException if a pass fails
     */
    @SuppressForbidden("prints the text")
    public static void main(String[] args) throws IOException, ModelException, TranslateException {
        Path directory = args.length > 0 ? Path.of(args[0]) : Storyteller.unpack();
        String prompt = args.length > 1 ? args[1] : "Once upon a time there was a";

        Criteria<NDList, CausalLMOutput> criteria =
                Criteria.builder()
                        .setTypes(NDList.class, CausalLMOutput.class)
                        .optEngine("OffloadStream")
                        .optModelPath(directory)
                        .optTranslatorFactory(new OfsTranslatorFactory())
                        .optOption("maxBatch", "4") // as many sequences as the widest search has
                        .build();
        SearchConfig config = new SearchConfig();
        config.setMaxSeqLength(40);
        config.setBeam(4);
        try (TextTokenizer tokenizer = TextTokenizer.open(directory);
                ZooModel<NDList, CausalLMOutput> model = criteria.loadModel();
                Predictor<NDList, CausalLMOutput> predictor = model.newPredictor();
                NDManager manager = model.getNDManager().newSubManager()) {
            int[] ids = tokenizer.encode(prompt, true);
            NDArray input = manager.create(ids, new Shape(1, ids.length));
            input = input.toType(DataType.INT64, false);
            for (String search : new String[] {"greedy", "contrastive", "beam"}) {
                TextGenerator generator = new TextGenerator(predictor, search, config);
                NDArray best = generator.generate(input).toType(DataType.INT32, false).get(0);
                System.out.println(search + ": " + tokenizer.decode(best.toIntArray(), true));
            }
        }
    }
}
