package dev.agentloop.cli.agent;

import dev.agentloop.Conversation;
import dev.agentloop.Item;
import dev.agentloop.cli.terminal.TerminalText;
import dev.agentloop.cli.terminal.UsageException;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * In which folder each call was made that has no output yet. What somebody approved for one folder must not happen in
 * another one. The log says it: the model was told its folder before the call.
 */
public final class AskedFolder {
    private static final String ENVIRONMENT = "item.context.environment";
    private static final String OF_MODEL = "item.model";
    private static final String OUTPUT = "item.output";

    /** What the loop tells a model of its folder. */
    private static final Pattern FOLDER =
            Pattern.compile("<environment_context>\n  <cwd>(.*)</cwd>\n.*", Pattern.DOTALL);

    /** The calls without output, by id, with the version of the entry. */
    private final Map<String, Long> open = new HashMap<>();

    private final Map<Long, Path> folders = new HashMap<>();
    private @Nullable Path folder;

    private AskedFolder() {}

    /** Reads it from a conversation's log. */
    public static AskedFolder read(ConversationStore store, String conversation) {
        AskedFolder read = new AskedFolder();
        try (Stream<LogEntry> entries = store.stream(conversation, 0)) {
            entries.forEach(read::note);
        }
        return read;
    }

    private void note(LogEntry entry) {
        byte[] payload = entry.payload();
        if (payload == null) {
            return;
        }
        if (entry.kind().equals(ENVIRONMENT) && Item.of(payload) instanceof Item.Message message) {
            Matcher told = FOLDER.matcher(message.text());
            folder = told.matches() ? path(told.group(1)) : folder;
        } else if (entry.kind().equals(OF_MODEL) && Item.of(payload) instanceof Item.Call call) {
            open.put(call.callId(), entry.version());
            if (folder != null) {
                folders.put(entry.version(), folder);
            }
        } else if (entry.kind().startsWith(OUTPUT) && Item.of(payload) instanceof Item.Output output) {
            open.remove(output.callId());
        }
    }

    private static Path path(String told) {
        try {
            return Path.of(told);
        } catch (InvalidPathException e) {
            throw new UsageException(
                    "the folder " + told + " of this conversation cannot be written in the encoding of this"
                            + " locale: set LC_ALL to a locale of UTF-8, such as C.UTF-8");
        }
    }

    /**
     * The folder of a call; null where the model was told none.
     *
     * @param call the version of the call's entry
     */
    @Nullable
    public Path of(long call) {
        return folders.get(call);
    }

    /**
     * Refuses to continue, in this folder, with calls that were made for another one.
     *
     * @throws UsageException if the conversation has such calls
     */
    public static void check(ConversationStore store, Conversation conversation, Path here) {
        if (conversation.version() == 0 || !hasOpenCalls(conversation)) {
            return;
        }
        AskedFolder asked = read(store, conversation.id());
        for (Map.Entry<String, Long> call : asked.open.entrySet()) {
            Path there = asked.of(call.getValue());
            if (there != null && !real(there).equals(real(here))) {
                throw new UsageException("call " + call.getKey() + " of conversation " + conversation.id()
                        + " was made for the folder " + there + ", and this is " + here + ": give --cd "
                        + TerminalText.shellWord(there.toString()));
            }
        }
    }

    // To read the whole log takes a while, and most conversations that are resumed have no such call.
    private static boolean hasOpenCalls(Conversation conversation) {
        Set<String> calls = new HashSet<>();
        for (Item item : conversation.prompt().items()) {
            if (item instanceof Item.Call call && !call.incomplete()) {
                calls.add(call.callId());
            } else if (item instanceof Item.Output output) {
                calls.remove(output.callId());
            }
        }
        return !calls.isEmpty();
    }

    /** Where the folder really is, links followed. */
    public static Path real(Path folder) {
        try {
            return folder.toRealPath();
        } catch (IOException e) {
            return folder.toAbsolutePath().normalize();
        }
    }
}
