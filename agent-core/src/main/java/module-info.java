/** The agent loop: its values, its ports and two conversation stores. */
module dev.agentloop.core {
    requires com.fasterxml.jackson.core;
    requires com.fasterxml.jackson.databind;
    requires org.slf4j;
    requires static transitive org.jspecify;

    exports dev.agentloop;
    exports dev.agentloop.spi;
    exports dev.agentloop.internal to
            dev.agentloop.openai,
            dev.agentloop.tools,
            dev.agentloop.testkit;
}
