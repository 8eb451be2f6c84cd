package dev.agentloop.openai;

import com.fasterxml.jackson.databind.JsonNode;
import dev.agentloop.internal.Json;
import dev.agentloop.openai.RawServer.Reply;
import dev.agentloop.openai.RawServer.Request;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.zip.GZIPOutputStream;

/**
 * Plays a case on loopback: its responses in order, the last one again and again. A strict case refuses what servers
 * refuse, and says what that was. Whether calls and outputs are pairs is checked in every case.
 */
final class CaseServer implements AutoCloseable {
    private static final int BYTES_PER_TOKEN = 4;

    private final CaseFile file;
    private final RawServer server;
    private final List<String> violations = new ArrayList<>();
    private final List<String> refusals = new ArrayList<>();
    private final List<JsonNode> bodies = new ArrayList<>();
    private int next;
    private int answered;
    private int calls;

    CaseServer(CaseFile file) throws IOException {
        this.file = file;
        this.server = RawServer.answering(this::answer);
    }

    String baseUrl() {
        return server.baseUrl();
    }

    /** Begins again with the first response. */
    synchronized void rewind() {
        next = 0;
    }

    /** How many calls were sent. */
    synchronized int calls() {
        return calls;
    }

    /** How many requests got a response of the case. */
    synchronized int answered() {
        return answered;
    }

    /** The requests, in order. */
    synchronized List<JsonNode> bodies() {
        return List.copyOf(bodies);
    }

    /** Where calls and outputs were no pairs. */
    synchronized List<String> violations() {
        return List.copyOf(violations);
    }

    /** What was refused, and why. */
    synchronized List<String> refusals() {
        return List.copyOf(refusals);
    }

    /** What went wrong in the server itself. */
    List<Throwable> failures() {
        return server.failures();
    }

    private synchronized Reply answer(Request request) {
        JsonNode body = Recording.tree(request.text());
        bodies.add(body);
        List<String> pairing = RequestRules.pairing(body.path("input"));
        pairing.forEach(broken -> violations.add("request " + bodies.size() + ", " + broken));
        Reply refused = refusal(body, pairing, request.body().length);
        if (refused != null) {
            return refused;
        }
        JsonNode response = file.responses().get(Math.min(next, file.responses().size() - 1));
        next++;
        answered++;
        calls += CaseFile.calls(response);
        return reply(response);
    }

    private Reply refusal(JsonNode body, List<String> pairing, int bytes) {
        List<String> why = new ArrayList<>();
        if (file.strict()) {
            why.addAll(pairing);
            why.addAll(RequestRules.form(body.path("input")));
        }
        for (JsonNode field : fields(file.json().path("refuse"))) {
            if (body.has(field.asText())) {
                why.add("the field " + field.asText() + " is not known");
            }
        }
        long most = file.json().path("refuse_above").asLong();
        if (most > 0 && bytes / BYTES_PER_TOKEN > most) {
            return refused(400, "context_length_exceeded", bytes / BYTES_PER_TOKEN + " tokens are more than " + most);
        }
        return why.isEmpty() ? null : refused(file.json().path("strict_status").asInt(400), "", String.join("; ", why));
    }

    private static Iterable<JsonNode> fields(JsonNode refuse) {
        return refuse.isTextual() ? List.of(refuse) : refuse;
    }

    private Reply refused(int status, String code, String why) {
        refusals.add(why);
        String text = Json.quote(why);
        return Replies.error(status, code, text.substring(1, text.length() - 1));
    }

    private static Reply reply(JsonNode response) {
        int status = response.path("status").asInt(200);
        boolean stream = response.has("events");
        StringBuilder body = new StringBuilder();
        for (JsonNode event : response.path("events")) {
            body.append(
                    event.isTextual()
                            ? event.asText()
                            : Events.event(event.path("type").asText(), event.toString()));
        }
        if (!stream) {
            body.append(
                    response.has("json")
                            ? response.get("json").toString()
                            : response.path("text").asText());
        }
        String type = stream ? "text/event-stream" : response.has("json") ? "application/json" : "text/plain";
        StringBuilder head = new StringBuilder("HTTP/1.1 " + status + " "
                + response.path("reason").asText("Status") + "\r\nContent-Type: " + type + "\r\n");
        response.path("headers").forEach(header -> head.append(header.asText()).append("\r\n"));
        boolean packed = response.path("encoding").asText().equals("gzip")
                || response.path("gzip").asBoolean();
        byte[] bytes = body.toString().getBytes(StandardCharsets.UTF_8);
        return send(packed ? head.append("Content-Encoding: gzip\r\n") : head, packed ? gzip(bytes) : bytes);
    }

    private static Reply send(StringBuilder head, byte[] body) {
        head.append("Content-Length: ").append(body.length).append("\r\n\r\n");
        return (connection, in, out) -> {
            out.write(Replies.bytes(head.toString()));
            out.write(body);
            out.flush();
        };
    }

    private static byte[] gzip(byte[] body) {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(body);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return packed.toByteArray();
    }

    @Override
    public void close() throws IOException {
        server.close();
    }
}
