package dev.agentloop.testkit.talk;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.slf4j.LoggerFactory;

/** Logs nothing while a class of tests runs: a line for each run would take longer than the runs. */
final class Quiet implements BeforeAllCallback, AfterAllCallback {
    private static final Logger LOGGER = (Logger) LoggerFactory.getLogger("dev.agentloop");

    static void now() {
        LOGGER.setLevel(Level.OFF);
    }

    @Override
    public void beforeAll(ExtensionContext context) {
        now();
    }

    @Override
    public void afterAll(ExtensionContext context) {
        LOGGER.setLevel(null);
    }
}
