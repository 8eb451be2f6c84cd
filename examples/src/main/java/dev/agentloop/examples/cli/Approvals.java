package dev.agentloop.examples.cli;

import dev.agentloop.Conversation;
import dev.agentloop.Outcome;
import dev.agentloop.spi.ConversationStore;
import java.io.PrintStream;
import java.time.Instant;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;

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
     * Tells what a question is about, and the two commands that answer it.
     *
     * @param repeated the words that these commands must repeat
     */
    static void tell(
            PrintStream out, String program, List<String> repeated, String conversation, Outcome.Pending question) {
        String call = " " + conversation + " " + TerminalText.shellWord(question.callId());
        out.println("  " + TerminalText.line(question.callId()) + " " + TerminalText.line(question.tool()) + " "
                + TerminalText.line(question.arguments()));
        out.println("    " + TerminalText.line(question.question()) + "; " + expiry(question));
        out.println("    to approve: " + Options.commandLine(program, "approve", repeated) + call);
        out.println("    to refuse:  " + Options.commandLine(program, "deny", repeated) + call);
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
