package dev.agentloop;

import dev.agentloop.internal.log.Entry;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.stores.FileStore;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** A process that goes on with all conversations of a folder, with callbacks that work, and says how each ended. */
final class FaultChild {
    private FaultChild() {}

    public static void main(String[] arguments) {
        // Only what is said here belongs into the output.
        FaultLog.open();
        try (ConversationStore store = new FileStore(Path.of(arguments[0]))) {
            PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);
            for (ConversationStore.Listed one : store.list("", 10_000)) {
                out.println(one.conversation() + " " + goOn(store, one.conversation()));
            }
        }
    }

    private static String goOn(ConversationStore store, String id) {
        FaultHost host = new FaultHost(FaultCell.healthy(), store, id);
        try (AgentLoop agent = host.agent("child")) {
            Outcome outcome = agent.resume(id).run("go on");
            Set<String> unanswered = unanswered(store.read(id, 0, 10_000));
            return outcome instanceof Outcome.Finished && unanswered.isEmpty()
                    ? "finished"
                    : outcome.describe() + ", without an output: " + unanswered;
        } catch (RuntimeException | Error e) {
            return "failed: " + e;
        }
    }

    private static Set<String> unanswered(List<LogEntry> entries) {
        Set<String> calls = new HashSet<>();
        for (LogEntry entry : entries) {
            Item item = entry.kind().startsWith(Entry.ITEM) ? Item.of(entry.content()) : null;
            if (item instanceof Item.Call call) {
                calls.add(call.callId());
            } else if (item instanceof Item.Output output) {
                calls.remove(output.callId());
            }
        }
        return calls;
    }
}
