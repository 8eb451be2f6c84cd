package dev.agentloop.mcp;

import dev.agentloop.mcp.McpElicitation.Action;
import dev.agentloop.mcp.McpElicitation.Answer;
import dev.agentloop.mcp.McpElicitation.Question;
import io.modelcontextprotocol.spec.McpSchema;
import io.modelcontextprotocol.spec.McpSchema.JSONRPCRequest;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Puts the questions of one server to the host. Thread-safe. */
final class Elicitations {
    private static final Logger LOG = LoggerFactory.getLogger(Elicitations.class);

    private final String server;
    private final @Nullable McpElicitation host;
    private final ExecutorService threads;
    private final Map<String, Future<?>> open = new ConcurrentHashMap<>();

    Elicitations(String server, @Nullable McpElicitation host, ExecutorService threads) {
        this.server = server;
        this.host = host;
        this.threads = threads;
    }

    /** Answers a request of the server, now or when the host has. */
    void asked(Session session, JSONRPCRequest request) {
        McpElicitation asked = host;
        if (asked == null || !request.method().equals(McpSchema.METHOD_ELICITATION_CREATE)) {
            session.refuse(
                    request,
                    McpSchema.ErrorCodes.METHOD_NOT_FOUND,
                    "this client does not answer " + Failures.cut(request.method()));
            return;
        }
        String id = String.valueOf(request.id());
        FutureTask<Void> task = new FutureTask<>(() -> {
            try {
                session.answer(request, answer(asked, JsonObject.of(request.params())));
            } finally {
                open.remove(id);
            }
            return null;
        });
        open.put(id, task);
        threads.execute(task);
    }

    /** The server does not want to know any more. */
    void withdrawn(String requestId) {
        Future<?> task = open.remove(requestId);
        if (task != null) {
            task.cancel(true);
        }
    }

    /** Ends all questions: nobody is there to hear an answer. */
    void close() {
        open.values().forEach(task -> task.cancel(true));
        open.clear();
    }

    private Map<String, Object> answer(McpElicitation asked, JsonObject question) {
        Answer answer = ask(asked, question);
        Map<String, Object> result = new LinkedHashMap<>();
        result.put("action", answer.action().name().toLowerCase(Locale.ROOT));
        if (answer.action() == Action.ACCEPT && question.has("requestedSchema")) {
            result.put("content", withDefaults(answer.content(), question.object("requestedSchema")));
        }
        return result;
    }

    private Answer ask(McpElicitation asked, JsonObject question) {
        try {
            return asked.answer(new Question(
                    server,
                    question.text("message"),
                    question.has("requestedSchema")
                            ? JsonObject.text(question.object("requestedSchema").fields())
                            : "",
                    question.has("url") ? URI.create(question.text("url")) : null));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Answer.cancel();
        } catch (RuntimeException e) {
            LOG.warn("the host failed to answer a question of MCP server {}, which counts as cancelled", server, e);
            return Answer.cancel();
        }
    }

    /** The protocol's rule (SEP-1034): a field that the user left alone has the value that the schema gives it. */
    private static Map<String, Object> withDefaults(Map<String, ?> content, JsonObject schema) {
        Map<String, Object> fields = new LinkedHashMap<>();
        JsonObject properties = schema.object("properties");
        properties.fields().forEach((name, property) -> {
            Object standard = JsonObject.of(property).fields().get("default");
            if (standard != null) {
                fields.put(String.valueOf(name), standard);
            }
        });
        fields.putAll(content);
        return fields;
    }
}
