/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.examples;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertTrue;

import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

public class MainTest {

    @DataProvider
    Object[][] usageErrors() {
        return new Object[][] {
            {new String[] {}, "Missing command"},
            {new String[] {"sing"}, "sing"},
            {new String[] {"generate", "--loudly"}, "--loudly"},
            {new String[] {"plan", "--host-memory", "much"}, "hostMemory=much"},
            {new String[] {"plan", "--backend", "cpu", "--io", "gds"}, "io=gds"},
            {new String[] {"plan", "--model", "/no/such/place"}, "/no/such/place"},
            {new String[] {"dry-run", "--size", "1MB"}, "--size"},
        };
    }

    @Test(dataProvider = "usageErrors")
    public void whatItDoesNotUnderstandIsExitCode2(String[] args, String subject) {
        CliRun run = CliRun.of(args);
        assertEquals(run.code(), 2, run.err());
        assertTrue(run.err().contains(subject), run.err());
        assertEquals(run.out(), "");
    }

    @Test
    public void helpListsEveryCommand() {
        CliRun run = CliRun.of("--help");
        assertEquals(run.code(), 0);
        for (String command : new String[] {"generate", "plan", "devices", "dry-run", "bench"}) {
            assertTrue(run.out().contains("\n  " + command + " "), run.out());
        }
    }

    @Test
    public void helpOfACommandListsTheModelOptions() {
        CliRun run = CliRun.of("generate", "--help");
        assertEquals(run.code(), 0);
        for (ModelFlags.Flag flag : ModelFlags.ALL) {
            assertTrue(run.out().contains(flag.name()), flag.name() + " in " + run.out());
        }
    }

    @Test
    public void aFailureIsOneLineAndExitCode1() {
        CliRun run = CliRun.of("plan", "--host-memory", "1KB");
        assertEquals(run.code(), 1);
        assertEquals(run.err().lines().count(), 1, run.err());
        assertTrue(run.err().startsWith("offloadstream: "), run.err());
        CliRun verbose = CliRun.of("plan", "--host-memory", "1KB", "--verbose");
        assertTrue(verbose.err().contains("\tat io.offloadstream"), verbose.err());
    }
}
