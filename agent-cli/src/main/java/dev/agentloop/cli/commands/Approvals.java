package dev.agentloop.cli.commands;

import dev.agentloop.Conversation;
import dev.agentloop.Outcome;
import dev.agentloop.cli.events.QuestionText;
import dev.agentloop.cli.options.Options;
import dev.agentloop.cli.terminal.CommandText;
import dev.agentloop.cli.terminal.Console;
import dev.agentloop.cli.terminal.TerminalText;
import dev.agentloop.spi.ConversationStore;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The calls of a conversation about which somebody has to decide, and how a person is told of them. */
final class Approvals {
    /** The kind of a message that decides; its id is this, a colon and the version of the call's entry. */
    private static final String DECIDED = "approval.decided";

    private Approvals() {}

    /** The calls about which nobody has decided. */
    static List<Outcome.Pending> open(ConversationStore store, Conversation conversation) {
        List<Outcome.Pending> waiting = conversation.awaitingApproval();
        Set<Long> decided = waiting.isEmpty() ? Set.of() : decided(store, conversation.id());
        return waiting.stream()
                .filter(question -> !decided.contains(question.call()))
                .toList();
    }

    /** The versions of the calls about which somebody has decided, which no run has taken up yet. */
    static Set<Long> decided(ConversationStore store, String conversation) {
        return store.inbox(conversation).stream()
                .filter(message -> message.kind().equals(DECIDED))
                .map(message -> message.id().substring(message.id().indexOf(':') + 1))
                .filter(version -> version.matches("\\d{1,18}"))
                .map(Long::valueOf)
                .collect(Collectors.toSet());
    }

    /**
     * Tells what a question is about, and the commands that answer it, from any folder.
     *
     * @param out where, of the console
     * @param commands that answer it
     * @param folder the folder that the call was made for; null where none is known
     */
    static void tell(
            Console console, PrintStream out, Commands commands, Outcome.Pending question, @Nullable Path folder) {
        out.println("  " + TerminalText.line(question.callId()) + " " + TerminalText.line(question.tool()));
        QuestionText.of(question, folder).forEach(line -> out.println("    " + line));
        out.println("    " + sentence(question.question()) + "; " + expiry(question));
        console.tell("    to approve:", out, commands.line("approve", question.callId()));
        if (!question.rule().isEmpty()) {
            console.tell("    or always: ", out, commands.line("approve", question.callId(), "--always"));
        }
        console.tell("    to refuse: ", out, commands.line("deny", question.callId()));
    }

    /**
     * How the commands about a conversation are called.
     *
     * @param program how this program is called
     * @param repeated the words that they must repeat
     * @param conversation its id
     */
    record Commands(String program, List<String> repeated, String conversation) {
        CommandText line(String command, String callId, String... options) {
            List<String> words = new ArrayList<>(repeated);
            words.addAll(List.of(options));
            words.addAll(List.of(conversation, callId));
            return Options.commandLine(program, command, words);
        }
    }

    // More follows it in the same sentence.
    private static String sentence(String question) {
        return TerminalText.line(question.strip()).replaceFirst("\\.$", "");
    }

    private static String expiry(Outcome.Pending question) {
        Instant expires = question.expires();
        if (expires == null) {
            return "never expires";
        }
        return expires.isAfter(Instant.now())
                ? "expires at " + TerminalText.instant(expires)
                : "expired at " + TerminalText.instant(expires) + ": the next run refuses it";
    }
}
