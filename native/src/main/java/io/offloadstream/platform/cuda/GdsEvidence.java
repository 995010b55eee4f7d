/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.platform.cuda;

import java.util.Optional;
import java.util.OptionalLong;

/**
 * What was counted while files were read through cuFile.
 *
 * @param reads calls of ours that read something
 * @param bytes that they read
 * @param cuFile what cuFile counted meanwhile for this process; empty where it does not
 * @param nvidiaFs what nvidia-fs counted meanwhile for the machine; empty where it does not
 * @param readCallBytes bytes that went through read calls of this process meanwhile; empty where
 *     that is not known, or others read too
 */
record GdsEvidence(
        long reads,
        long bytes,
        Optional<CuFileReads> cuFile,
        Optional<NvidiaFs.Reads> nvidiaFs,
        OptionalLong readCallBytes) {}
