package dev.agentloop.testkit;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** The program of {@link ScriptedServer#main}. */
final class ScriptedServerMain {
    private static final Set<String> OPTIONS =
            Set.of("--calls", "--tool", "--arguments", "--port", "--delta-chars", "--check");

    private ScriptedServerMain() {}

    static void run(String[] arguments, InputStream in) throws IOException {
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
            in.transferTo(PrintStream.nullOutputStream());
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
}
