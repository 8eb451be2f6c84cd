/** A coding agent for the command line. A program: it exports nothing. */
@SuppressWarnings("requires-automatic") // the one that shows differences has no module descriptor
module dev.agentloop.cli {
    requires dev.agentloop.core;
    requires dev.agentloop.mcp;
    requires dev.agentloop.openai;
    requires dev.agentloop.pg;
    requires dev.agentloop.pg.embedded;
    requires dev.agentloop.testkit;
    requires dev.agentloop.tools;
    requires com.fasterxml.jackson.core;
    requires com.fasterxml.jackson.databind;
    requires io.github.javadiffutils;
    requires java.net.http;
    requires jdk.unsupported; // whose signals are found by name
    requires org.jspecify;
}
