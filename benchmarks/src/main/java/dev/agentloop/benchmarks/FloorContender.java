package dev.agentloop.benchmarks;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.nio.charset.StandardCharsets;
import java.util.function.IntFunction;

/**
 * The least that a client of the JDK's {@link HttpClient} must do: keeps the bytes of the conversation, sends them without
 * a copy, finds the item in the response by a search, and appends the tool's output. It checks nothing, keeps no log, and
 * understands no JSON.
 */
final class FloorContender implements Contender {
    private static final byte[] DONE = bytes("event: response.output_item.done\n");
    private static final byte[] ITEM = bytes("\"item\":");
    private static final byte[] CALL_ID = bytes("\"call_id\":\"");
    private static final byte[] END_OF_EVENT = bytes("}\n\n");
    private static final byte[] END = bytes("]}");

    private final HttpClient client =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final URI uri;

    FloorContender(URI base) {
        this.uri = URI.create(base + "/responses");
    }

    @Override
    public Conversation conversation(IntFunction<String> tool) {
        return new KeptBytes(tool);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.US_ASCII);
    }

    private final class KeptBytes implements Conversation {
        private final IntFunction<String> tool;
        private final ChunkPublisher.Chunks body = new ChunkPublisher.Chunks();

        KeptBytes(IntFunction<String> tool) {
            this.tool = tool;
        }

        @Override
        public void run() throws IOException, InterruptedException {
            add("{\"model\":\"" + Work.MODEL + "\",\"instructions\":\"" + Work.INSTRUCTIONS
                    + "\",\"tools\":[{\"type\":\"function\",\"name\":\"read\",\"description\":\"" + Work.DESCRIPTION
                    + "\",\"parameters\":" + Work.PARAMETERS + ",\"strict\":false}],\"store\":false,\"stream\":true,"
                    + "\"input\":[{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\""
                    + Work.QUESTION + "\"}]}");
            for (int turn = 1; ; turn++) {
                Scan response = client.send(request(), head -> new Scan()).body();
                if (!response.call()) {
                    return;
                }
                response.appendTo(body);
                add(",{\"type\":\"function_call_output\",\"call_id\":\"" + response.callId() + "\",\"output\":\"");
                body.addEscaped(tool.apply(turn));
                add("\"}");
            }
        }

        private void add(String text) {
            byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
            body.add(bytes, 0, bytes.length);
        }

        private HttpRequest request() {
            return HttpRequest.newBuilder(uri)
                    .header("Content-Type", "application/json")
                    .header("Authorization", "Bearer none")
                    .POST(new ChunkPublisher(body, END))
                    .build();
        }

        @Override
        public void close() {
            // It has no threads but the client's.
        }
    }

    /** Collects a response and looks for its item when it has ended. */
    private static final class Scan extends Collector<Scan> {
        private int start;
        private int end;

        @Override
        Scan ended() {
            int event = find(DONE, 0);
            start = find(ITEM, event) + ITEM.length;
            end = find(END_OF_EVENT, start);
            return this;
        }

        boolean call() {
            int at = find(CALL_ID, start);
            return at >= 0 && at < end;
        }

        void appendTo(ChunkPublisher.Chunks body) {
            body.add(new byte[] {','}, 0, 1);
            body.add(bytes(), start, end - start);
        }

        String callId() {
            int from = find(CALL_ID, start) + CALL_ID.length;
            int to = from;
            while (bytes()[to] != '"') {
                to++;
            }
            return new String(bytes(), from, to - from, StandardCharsets.US_ASCII);
        }
    }
}
