/*
 * Copyright 2026 The OffloadStream authors
 * SPDX-License-Identifier: Apache-2.0
 */
package io.offloadstream.integration;

import static org.testng.Assert.assertEquals;
import static org.testng.Assert.assertFalse;
import static org.testng.Assert.assertTrue;
import static org.testng.Assert.expectThrows;

import io.offloadstream.integration.FailingBackend.Fault;
import io.offloadstream.model.ModelOptions;
import io.offloadstream.model.Session;
import io.offloadstream.model.StreamedModel;
import io.offloadstream.platform.DeviceException;
import io.offloadstream.platform.OffloadStreamException;
import io.offloadstream.platform.Storage;
import java.util.Map;
import org.testng.annotations.DataProvider;
import org.testng.annotations.Test;

/** A device that fails: one exception, nothing lost or left, and then things work. */
public class DeviceFaultTest extends FaultFixture {

    private static final int[] TAIL = {8, 250};

    /** More than opening the model has, of any kind. */
    private static final int MANY = 100;

    /** The device of this test. */
    private String backend;

    private void use(String device) {
        TestDevices.require(device);
        backend = device;
    }

    @DataProvider
    Object[][] backends() {
        return TestDevices.with(new Object[][] {{}});
    }

    /** Weights stream from disk: neither budget has room for all. */
    private Map<String, String> options(boolean tight) {
        Map<String, String> plenty = TestDevices.plenty(backend, 1, LENGTH);
        plenty.put("readThreads", "2");
        if (!tight) {
            return plenty;
        }
        long least = TestDevices.least(directory(), plenty, "deviceMemory");
        return Budgets.with(plenty, "deviceMemory", least);
    }

    private StreamedModel open(FailingBackend device, boolean tight) {
        ModelOptions options = ModelOptions.parse(options(tight));
        return watch(StreamedModel.open(directory(), options, Storage.local(), device::backend));
    }

    private FailingBackend device() {
        return new FailingBackend(ModelOptions.parse(Map.of("backend", backend)).openBackend());
    }

    @DataProvider
    Object[][] faults() {
        Object[][] faults = {
            {Fault.UPLOAD, true, 0}, {Fault.UPLOAD, true, 7}, {Fault.UPLOAD, true, 3},
            {Fault.LAUNCH, true, 0}, {Fault.LAUNCH, true, 9}, {Fault.LAUNCH, true, 40},
            {Fault.LAUNCH, false, 9}, {Fault.SYNCHRONIZE, true, 0}, {Fault.SYNCHRONIZE, false, 0},
        };
        return TestDevices.with(faults);
    }

    @Test(dataProvider = "faults", timeOut = 600_000)
    public void aFaultInAPassLeavesTheSessionAsItWas(
            String name, Fault fault, boolean tight, int calls) {
        use(name);
        FailingBackend device = device();
        StreamedModel model = open(device, tight);
        float[] undisturbed;
        try (Session session = model.newSession(1)) {
            advance(model, session, PROMPT);
            undisturbed = advance(model, session, TAIL);
        }
        try (Session session = model.newSession(1)) {
            advance(model, session, PROMPT);
            String host = model.budget().usedByPurpose().toString();
            String onDevice = model.deviceBudget().usedByPurpose().toString();
            device.failAfter(fault, calls);
            // What failed in a reader's thread comes as the cause of this
            OffloadStreamException e =
                    expectThrows(OffloadStreamException.class, () -> advance(model, session, TAIL));
            assertTrue(e instanceof DeviceException || e.getCause() instanceof DeviceException);
            assertTrue(e.getMessage().contains("injected fault: " + fault), e.getMessage());
            assertTrue(device.hasFailed());
            device.repair();
            assertEquals(session.length(), PROMPT.length);
            assertEquals(model.budget().usedByPurpose().toString(), host);
            assertEquals(model.deviceBudget().usedByPurpose().toString(), onDevice);
            assertEquals(advance(model, session, TAIL), undisturbed);
        }
        assertNothingIsLeft(model);
        assertEquals(answer(open(device(), tight)), answer(open(device(), false)));
    }

    private void assertNothingIsLeft(StreamedModel model) {
        model.close();
        Leaks.assertNone(model.budget());
        Leaks.assertNone(model.deviceBudget());
        Leaks.assertNone(directory());
    }

    @Test(dataProvider = "backends", timeOut = 600_000)
    public void anOpeningThatFailsAtAnyAllocationLeavesTheDeviceToTheNext(String name) {
        use(name);
        int opened = 0;
        for (int calls = 0; opened == 0 && calls < MANY; calls++) {
            FailingBackend device = device();
            device.failAfter(Fault.ALLOCATE, calls);
            try (StreamedModel model = open(device, false)) {
                opened = calls;
                device.failAfter(Fault.ALLOCATE, MANY);
                assertEquals(answer(model).length, PROMPT.length * 320);
            } catch (DeviceException e) {
                assertTrue(e.getMessage().contains("injected fault"), e.getMessage());
                Leaks.assertNone(directory());
            }
        }
        assertTrue(opened > 2, "a model takes memory several times: " + opened);
    }

    @Test(dataProvider = "backends", timeOut = 600_000)
    public void anOpeningThatFailsAtItsEndLeavesNothing(String name) {
        use(name);
        int failures = 0;
        for (int calls = 0; failures == calls && calls < MANY; calls++) {
            FailingBackend failing = device();
            failing.failAfter(Fault.NAME, calls);
            try (StreamedModel model = open(failing, false)) {
                assertFalse(failing.hasFailed(), model.backendName());
            } catch (DeviceException e) {
                failures++;
                assertTrue(e.getMessage().contains("injected fault"), e.getMessage());
                assertEquals(failing.open(), 0, "left open after call " + calls);
                Leaks.assertNone(directory());
            }
        }
        assertTrue(failures > 0, "a model asks for the name of its device");
    }

    @Test(dataProvider = "backends", timeOut = 600_000)
    public void aCloseThatFailsLeavesTheRestNoLess(String name) {
        use(name);
        int failures = 0;
        for (int calls = 0; failures == calls && calls < MANY; calls++) {
            FailingBackend device = device();
            StreamedModel model = open(device, true);
            Session session = model.newSession(1);
            advance(model, session, PROMPT);
            device.failAfter(Fault.CLOSE, calls);
            try {
                model.close();
            } catch (DeviceException e) {
                failures++;
                assertEquals(e.getMessage(), "injected fault: CLOSE");
            }
            assertEquals(device.hasFailed(), failures > calls);
            assertEquals(device.open(), 0, "left open after close " + calls);
            assertNothingIsLeft(model);
        }
        assertTrue(failures >= 8, "a model closes many things: " + failures);
    }

    @Test(dataProvider = "backends", timeOut = 600_000)
    public void aPromptThatTheDeviceHasNoScratchForLeavesTheSessionAsItWas(String name) {
        use(name);
        FailingBackend device = device();
        StreamedModel model = open(device, false);
        float[] expected = answer(model, longPrompt());
        for (int calls = 0; ; calls++) {
            try (Session session = model.newSession(1)) {
                long used = model.deviceBudget().usedBytes();
                long host = model.budget().usedBytes();
                device.failAfter(Fault.ALLOCATE, calls);
                float[] actual;
                try {
                    actual = advance(model, session, longPrompt());
                } catch (DeviceException e) {
                    assertTrue(e.getMessage().contains("injected fault"), e.getMessage());
                    assertEquals(session.length(), 0);
                    assertEquals(model.deviceBudget().usedBytes(), used);
                    assertTrue(model.budget().usedBytes() <= host, "host memory given back");
                    assertEquals(advance(model, session, longPrompt()), expected);
                    continue;
                }
                assertEquals(actual, expected);
                break;
            }
        }
        assertNothingIsLeft(model);
    }

    @Test(dataProvider = "backends", timeOut = 600_000)
    public void aPromptTakesLessWhereTheDeviceHasLessThanItsBudget(String name) {
        use(name);
        FailingBackend device = device();
        StreamedModel model = open(device, false);
        float[] expected = answer(model, longPrompt());
        int refusals = 0;
        for (int calls = 0; refusals == calls && calls < MANY; calls++) {
            try (Session session = model.newSession(1)) {
                device.failAfter(Fault.MEMORY, calls);
                assertEquals(advance(model, session, longPrompt()), expected);
                refusals += device.hasFailed() ? 1 : 0;
            }
        }
        assertTrue(refusals > 2, "a prompt takes memory several times: " + refusals);
        device.failAfter(Fault.MEMORY, MANY);
        assertNothingIsLeft(model);
    }

    private static int[] longPrompt() {
        int[] tokens = new int[LENGTH - 2];
        for (int i = 0; i < tokens.length; i++) {
            tokens[i] = (PROMPT[i % PROMPT.length] + i) % 320;
        }
        return tokens;
    }
}
