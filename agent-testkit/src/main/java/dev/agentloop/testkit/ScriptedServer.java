package dev.agentloop.testkit;

import dev.agentloop.Usage;
import dev.agentloop.internal.Json;
import dev.agentloop.testkit.internal.http.HttpReply;
import dev.agentloop.testkit.internal.http.HttpRequest;
import dev.agentloop.testkit.internal.http.HttpServer;
import dev.agentloop.testkit.internal.http.ResponseEvents;
import dev.agentloop.testkit.internal.request.RequestCheck;
import dev.agentloop.testkit.internal.response.ResponseScript;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import javax.net.ServerSocketFactory;
import javax.net.ssl.SSLServerSocketFactory;
import org.jspecify.annotations.Nullable;

/**
 * A server of the Responses API on this machine that answers from a script. What it says was written by whoever wrote the
 * script; there is no model.
 *
 * <p>It speaks HTTP/1.1 over real sockets, keeps connections, and streams the API's events in the API's order. Each request
 * is kept byte for byte and checked: each call has one output, each output its call, reasoning is followed by the item
 * that it led to, what is fixed stands before the input and what may vary behind it, and no item has an id that a server
 * without storage could not look up. A request that fails is answered with status 400 and named in {@link #problems()}.
 *
 * <p>A response that the script gives to {@code /responses/compact} is a window: its items go as they are, in an object
 * {@code response.compaction}. A request with that window may have the ids that the window has.
 *
 * <pre>{@code
 * try (ScriptedServer server = ScriptedServer.answering(
 *         ScriptedResponse.calls("call_1", "list_dir", "{\"path\":\".\"}"),
 *         ScriptedResponse.says("Two files."))) {
 *     … server.url() …
 *     assertThat(server.problems()).isEmpty();
 * }
 * }</pre>
 *
 * <p>Thread-safe. Answers are given in the order in which requests come, whatever their conversations;
 * {@link Builder#otherwise} answers by the request.
 */
public final class ScriptedServer implements AutoCloseable {
    private static final String COMPACT = "/responses/compact";
    private static final Set<String> OPTIONS =
            Set.of("--calls", "--tool", "--arguments", "--port", "--delta-chars", "--check");

    private final HttpServer http;
    private final boolean tls;
    private final Deque<Function<ScriptedRequest, ScriptedReply>> script;
    private final @Nullable Function<ScriptedRequest, ScriptedReply> otherwise;
    private final @Nullable Consumer<ScriptedRequest> check;
    private final @Nullable CacheSimulator cache;
    private final boolean strict;
    private final int deltaChars;
    private final List<ScriptedRequest> requests = new ArrayList<>();
    private final List<String> problems = new ArrayList<>();
    private final Map<String, Log> conversations = new HashMap<>();

    /** The requests of one conversation. */
    private static final class Log {
        private final RequestCheck check;
        private @Nullable ScriptedRequest last;

        Log(boolean inference) {
            check = new RequestCheck(inference);
        }
    }

    private ScriptedServer(Builder builder, ServerSocket socket) {
        this.tls = builder.sockets instanceof SSLServerSocketFactory;
        this.script = new ArrayDeque<>(builder.answers);
        this.otherwise = builder.otherwise;
        this.check = builder.check;
        this.cache = builder.cache;
        this.strict = builder.strict;
        this.deltaChars = builder.deltaChars;
        this.http = new HttpServer(socket, this::plan, this::failed);
    }

    /** A running server that gives these answers in order. */
    public static ScriptedServer answering(ScriptedReply... answers) {
        return builder().answer(answers).start();
    }

    /** A builder with an empty script, for a free port of the loopback interface. */
    public static Builder builder() {
        return new Builder();
    }

    /** An HTTP error such as 429 with a body of the script's and header lines such as {@code retry-after: 2}. */
    public static ScriptedReply status(int status, String body, String... headers) {
        List<String> lines = new ArrayList<>(List.of(headers));
        lines.add("content-type: " + (body.startsWith("{") ? "application/json" : "text/plain"));
        return new FixedReply(new HttpReply(status, List.copyOf(lines), body.getBytes(StandardCharsets.UTF_8)));
    }

    /** An HTTP error in the API's own form. */
    public static ScriptedReply error(int status, String code, String message, String... headers) {
        String body = Json.objectText(w -> w.object(
                "error",
                e -> e.text("message", message)
                        .text("type", status < 500 ? "invalid_request_error" : "server_error")
                        .raw("param", "null")
                        .text("code", code)));
        return status(status, body, headers);
    }

    /** A body of exactly these bytes with status 200; for streams that no response of a script would make. */
    public static ScriptedReply raw(String contentType, byte[] body) {
        return new FixedReply(new HttpReply(200, List.of("content-type: " + contentType), body.clone()));
    }

    /** Reads the request and closes the connection without a word. */
    public static ScriptedReply hangUp() {
        return new FixedReply(HttpReply.NOTHING);
    }

    /** The base URL for clients, up to and including {@code /v1}. */
    public URI url() {
        return URI.create((tls ? "https://localhost:" : "http://127.0.0.1:") + port() + "/v1");
    }

    /** The port. */
    public int port() {
        return http.port();
    }

    /** The requests so far, in the order in which they came. */
    public List<ScriptedRequest> requests() {
        synchronized (requests) {
            return List.copyOf(requests);
        }
    }

    /** What was wrong with the requests so far, each with the request's number; empty where nothing was. */
    public List<String> problems() {
        synchronized (requests) {
            return List.copyOf(problems);
        }
    }

    /** How many answers of the script were not asked for. */
    public int unused() {
        synchronized (requests) {
            return script.size();
        }
    }

    /** How many connections were ever made; fewer than the requests where the client reuses them. */
    public int connections() {
        return http.connections();
    }

    /** Closes all connections and ends all threads. */
    @Override
    public void close() {
        http.close();
    }

    private void failed(Throwable cause) {
        synchronized (requests) {
            problems.add("the script failed: " + cause);
        }
    }

    /** Takes in a request, checks it, and says what is to be done with it. */
    HttpServer.Answer plan(HttpRequest request) {
        boolean compacts = path(request).endsWith(COMPACT);
        // A request to compact has a shape of its own, and breaks no prefix.
        String key = RequestCheck.key(request.body()) + (compacts ? COMPACT : "");
        Log log;
        synchronized (requests) {
            log = conversations.computeIfAbsent(key, k -> new Log(!compacts));
        }
        ScriptedRequest received;
        Function<ScriptedRequest, ScriptedReply> answer;
        synchronized (log) {
            RequestCheck.Finding finding = log.check.next(request.body());
            synchronized (requests) {
                received = new ScriptedRequest(requests.size() + 1, request, log.last, finding);
                requests.add(received);
                answer = script.poll();
            }
            log.last = received;
        }
        ScriptedReply reply = judged(received, request, answer);
        HttpReply fixed = reply instanceof FixedReply other ? other.http() : null;
        Usage usual = fixed == null && cache != null && !compacts ? cache.next(request.body()) : usual(received);
        ResponseEvents.Form form = compacts
                ? ResponseEvents.Form.COMPACTION
                : received.stream() ? ResponseEvents.Form.STREAM : ResponseEvents.Form.OBJECT;
        ResponseScript response =
                (reply instanceof ScriptedResponse scripted ? scripted : ScriptedResponse.empty()).script();
        ResponseEvents events = new ResponseEvents(response, received.model(), received.number(), usual, deltaChars);
        return new HttpServer.Answer(fixed, events, form, received::answered);
    }

    private static String path(HttpRequest request) {
        return request.path().replaceFirst("\\?.*", "");
    }

    private static Usage usual(ScriptedRequest request) {
        return Usage.reported(request.length() / 4, request.keepsPrefix() ? request.prefixBytes() / 4 : 0, 0, 0, 0);
    }

    private ScriptedReply judged(
            ScriptedRequest received,
            HttpRequest request,
            @Nullable Function<ScriptedRequest, ScriptedReply> scripted) {
        String path = path(request);
        if (!request.method().equals("POST") || !(path.endsWith("/responses") || path.endsWith(COMPACT))) {
            return refused(404, "not_found", received, List.of("there is no " + request.method() + " " + path));
        }
        if (strict && !received.problems().isEmpty()) {
            return refused(400, "request_check", received, received.problems());
        }
        try {
            if (check != null) {
                check.accept(received);
            }
        } catch (AssertionError | RuntimeException e) {
            return refused(400, "request_check", received, List.of(String.valueOf(e.getMessage())));
        }
        Function<ScriptedRequest, ScriptedReply> answer = scripted != null ? scripted : otherwise;
        if (answer == null) {
            return refused(400, "script_ended", received, List.of("the script has no answer to this request"));
        }
        return Objects.requireNonNull(answer.apply(received), "a script answered with null");
    }

    private ScriptedReply refused(int status, String code, ScriptedRequest request, List<String> why) {
        String message = "request " + request.number() + ": " + String.join("; ", why);
        synchronized (requests) {
            problems.add(message);
        }
        return error(status, code, message);
    }

    /**
     * Runs a server in a process of its own, for measurements, until its standard input ends.
     *
     * <p>Each conversation makes {@code --calls N} (1) calls of {@code --tool NAME} (echo) with {@code --arguments JSON}
     * ({}), one in a response, and then gives its answer. {@code --port N} (0), {@code --delta-chars N} (24),
     * {@code --check false} to accept what the API would refuse.
     *
     * <p>The first line on standard output is the base URL. When standard input ends, there is a line of JSON for each
     * request: {@code request}, {@code bytes}, {@code prefix_bytes}, {@code keeps_prefix}, and {@code gap_ns}, the time from
     * the end of the answer before it to its first byte, -1 for a first request; then a line for each problem, after a
     * {@code #}.
     */
    public static void main(String[] arguments) throws IOException {
        Map<String, String> options = options(arguments);
        int calls = Integer.parseInt(options.getOrDefault("--calls", "1"));
        String tool = options.getOrDefault("--tool", "echo");
        String toolArguments = options.getOrDefault("--arguments", "{}");
        ScriptedServer.Builder builder = ScriptedServer.builder()
                .port(Integer.parseInt(options.getOrDefault("--port", "0")))
                .deltaChars(Integer.parseInt(options.getOrDefault("--delta-chars", "24")))
                .otherwise(request -> request.callCount() < calls
                        ? ScriptedResponse.calls("call_" + (request.callCount() + 1), tool, toolArguments)
                        : ScriptedResponse.says("That was call " + calls + " of " + calls + "."));
        if (options.getOrDefault("--check", "true").equals("false")) {
            builder.lenient();
        }
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.US_ASCII);
        try (ScriptedServer server = builder.start()) {
            out.println(server.url());
            System.in.transferTo(PrintStream.nullOutputStream());
            server.requests().forEach(request -> out.println(report(request)));
            server.problems().forEach(problem -> out.println("# " + problem));
        }
    }

    private static String report(ScriptedRequest request) {
        return "{\"request\":" + request.number() + ",\"bytes\":" + request.length() + ",\"prefix_bytes\":"
                + request.prefixBytes() + ",\"keeps_prefix\":" + request.keepsPrefix() + ",\"gap_ns\":"
                + request.gap().map(gap -> gap.toNanos()).orElse(-1L) + "}";
    }

    private static Map<String, String> options(String[] arguments) {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i < arguments.length; i += 2) {
            if (!OPTIONS.contains(arguments[i]) || i + 1 == arguments.length) {
                throw new IllegalArgumentException("no option " + arguments[i] + " with a value; there are " + OPTIONS);
            }
            options.put(arguments[i], arguments[i + 1]);
        }
        return options;
    }

    /** Collects a script; not thread-safe. */
    public static final class Builder {
        private static final int BACKLOG = 1024;
        private final List<Function<ScriptedRequest, ScriptedReply>> answers = new ArrayList<>();
        private @Nullable Function<ScriptedRequest, ScriptedReply> otherwise;
        private @Nullable Consumer<ScriptedRequest> check;
        private @Nullable CacheSimulator cache;
        private ServerSocketFactory sockets = ServerSocketFactory.getDefault();
        private boolean strict = true;
        private int deltaChars = 24;
        private int port;

        private Builder() {}

        /** Answers the next requests with these. */
        public Builder answer(ScriptedReply... replies) {
            for (ScriptedReply reply : replies) {
                answers.add(request -> reply);
            }
            return this;
        }

        /** Answers the next request with what the function makes of it. */
        public Builder answer(Function<ScriptedRequest, ScriptedReply> function) {
            answers.add(function);
            return this;
        }

        /** Answers all requests behind the end of the script; called by many threads at once, once for each request. */
        public Builder otherwise(Function<ScriptedRequest, ScriptedReply> function) {
            this.otherwise = function;
            return this;
        }

        /** A check of the test's own for each request; what it throws is a problem, and refuses the request. */
        public Builder check(Consumer<ScriptedRequest> value) {
            this.check = value;
            return this;
        }

        /**
         * Has the input tokens of each response counted by a simulated cache, where the script does not say them. A request
         * that is answered with an HTTP error is not played.
         */
        public Builder cache(CacheSimulator simulator) {
            this.cache = simulator;
            return this;
        }

        /** Accepts requests that the API would refuse, or that no client of this build would send. */
        public Builder lenient() {
            this.strict = false;
            return this;
        }

        /** How many characters a delta event has, 24 by default; 0 for no delta events. */
        public Builder deltaChars(int characters) {
            this.deltaChars = characters;
            return this;
        }

        /** The port; 0, which is the default, for a free one. */
        public Builder port(int value) {
            this.port = value;
            return this;
        }

        /** Makes the server's socket; for TLS, the factory of an {@code SSLContext} for {@code localhost}. */
        public Builder sockets(ServerSocketFactory factory) {
            this.sockets = factory;
            return this;
        }

        /** The server, which accepts connections when this returns. */
        public ScriptedServer start() {
            ServerSocket socket;
            try {
                socket = sockets.createServerSocket();
                socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), BACKLOG);
            } catch (IOException e) {
                throw new UncheckedIOException("no server on port " + port + ": " + e.getMessage(), e);
            }
            ScriptedServer server = new ScriptedServer(this, socket);
            server.http.start();
            return server;
        }
    }
}
