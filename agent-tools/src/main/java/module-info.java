/** Ready-made tools: a shell, confined file tools, patches, a plan, and typed tools from Java records. */
module dev.agentloop.tools {
    requires transitive dev.agentloop.core;
    requires com.fasterxml.jackson.core;
    requires com.fasterxml.jackson.databind;
    requires org.slf4j;
    requires transitive org.jspecify;

    exports dev.agentloop.tools;
}
