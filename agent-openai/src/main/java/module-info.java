/** The Responses API client: a {@code Model} over HTTP and server-sent events. */
module dev.agentloop.openai {
    requires transitive dev.agentloop.core;
    requires transitive java.net.http;
    requires com.fasterxml.jackson.core;
    requires org.slf4j;
    requires static transitive org.jspecify;

    exports dev.agentloop.openai;
}
