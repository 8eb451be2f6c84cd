/** The agent loop: its values, its ports and two conversation stores. */
@SuppressWarnings("module") // the modules named in "exports … to" are built after this one
module dev.agentloop.core {
    requires com.fasterxml.jackson.core;
    requires org.slf4j;
    requires static transitive org.jspecify;

    exports dev.agentloop;
    exports dev.agentloop.spi;
    exports dev.agentloop.stores;
    exports dev.agentloop.internal to
            dev.agentloop.openai,
            dev.agentloop.tools,
            dev.agentloop.mcp,
            dev.agentloop.pg,
            dev.agentloop.pg.embedded,
            dev.agentloop.testkit;
    exports dev.agentloop.internal.prompt to
            dev.agentloop.openai;
}
