/**
 * Contract suites for every port of the agent loop, a scripted model and server, prompt snapshots, a crash harness, a
 * simulated prompt cache, a prompt linter.
 */
module dev.agentloop.testkit {
    requires transitive dev.agentloop.core;
    requires transitive org.assertj.core;
    requires transitive org.junit.jupiter.api;
    requires static transitive org.jspecify;
    requires com.fasterxml.jackson.core;
    requires org.slf4j;

    exports dev.agentloop.testkit;

    opens dev.agentloop.testkit to
            org.junit.platform.commons;
}
