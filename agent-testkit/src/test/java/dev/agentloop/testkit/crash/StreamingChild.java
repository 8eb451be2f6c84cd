package dev.agentloop.testkit.crash;

import dev.agentloop.AgentEvent;
import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.RunOptions;
import dev.agentloop.Usage;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.ForwardingStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import dev.agentloop.stores.FileStore;
import dev.agentloop.testkit.CrashPoints;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;

/**
 * A program whose model streams an answer and falls silent again and again, until the log has what came. It prints what a person
 * saw by {@code SEEN}, and what the log has by then by {@code KEPT}. Arguments: the folder of its store, the conversation's id.
 */
final class StreamingChild {
    static final List<String> PIECES = List.of("Once ", "upon ", "a \"time\"\n", "there ", "was ", "a fox…");

    private StreamingChild() {}

    public static void main(String[] args) {
        // Whatever the locale has: the harness reads UTF-8.
        System.setOut(new PrintStream(System.out, true, StandardCharsets.UTF_8));
        CrashPoints points = CrashPoints.ofThisProcess();
        Semaphore written = new Semaphore(0);
        ConversationStore files = new Counting(points.around(new FileStore(Path.of(args[0]))), written);
        try (ConversationStore store = files;
                AgentLoop agent = AgentLoop.builder()
                        .model(new Slow(written, points))
                        .store(store)
                        .build()) {
            Conversation conversation =
                    store.head(args[1]).isPresent() ? agent.resume(args[1]) : agent.newConversation(args[1]);
            conversation.run(
                    "Tell me a story",
                    RunOptions.listeningWith(event -> {
                                if (event instanceof AgentEvent.Delta delta) {
                                    System.out.println("SEEN " + delta.text().replace("\n", "\\n"));
                                }
                            })
                            .withDelivery(RunOptions.Delivery.DIRECT));
        }
    }

    /** Counts the characters of answers that are durable. */
    private static final class Counting extends ForwardingStore {
        private final Semaphore written;

        Counting(ConversationStore store, Semaphore written) {
            super(store);
            this.written = written;
        }

        @Override
        public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
            LogPosition position = super.append(conversation, expected, entries);
            entries.stream()
                    .filter(entry -> entry.kind().equals("aside.partial"))
                    .forEach(entry ->
                            written.release(PartialCrashTest.text(entry).length()));
            return position;
        }
    }

    private record Slow(Semaphore written, CrashPoints points) implements Model {
        @Override
        public PromptSettings settings() {
            return PromptSettings.of("scripted").build();
        }

        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException {
            StringBuilder all = new StringBuilder();
            List<String> pieces = new ArrayList<>(PIECES);
            while (!pieces.isEmpty()) {
                int length = 0;
                for (String piece : pieces.subList(0, 2)) {
                    listener.onDelta(DeltaKind.TEXT, piece);
                    length += piece.length();
                    all.append(piece);
                }
                pieces.subList(0, 2).clear();
                written.acquire(length);
                System.out.println("KEPT " + all.length());
                points.reach("kept");
            }
            byte[] message = ("{\"type\":\"message\",\"role\":\"assistant\",\"content\":[{\"type\":\"output_text\","
                            + "\"text\":\"whole\"}]}")
                    .getBytes(StandardCharsets.UTF_8);
            return ModelResponse.of(List.of(Item.received(message).orElseThrow()), Usage.reported(100, 0, 0, 10, 0));
        }
    }
}
