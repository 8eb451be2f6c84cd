package dev.agentloop.examples.cli;

import dev.agentloop.ApprovalPolicy.Mode;
import dev.agentloop.ApprovalPolicy.Rights;
import dev.agentloop.Approver;
import dev.agentloop.mcp.McpServer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the command line says. Immutable.
 *
 * @param words what is no option: the user's message, or which conversation and call to decide about
 * @param model the name of the model; null where it was not said
 * @param folder the workspace
 * @param json whether events go to standard output, one a line
 * @param maxSteps the most inferences; 0 for no limit
 * @param approval when to ask
 * @param sandbox how far calls may reach without asking
 * @param store where the conversations are kept
 * @param state where changes of files under way are noted; null for where the user's programs keep such things
 * @param patience how long to wait for a server that cannot be reached; zero for not at all
 * @param openAi whether requests go to OpenAI's own server
 * @param mcp the MCP servers whose tools the model gets too
 * @param resume which conversation to go on with, as {@link ConversationRef} reads it; null for a new one
 * @param decisions what was decided about calls that wait, by call id, in the order of the command line
 * @param repeated the words of this command line that the next one about the conversation must repeat
 */
record Options(
        List<String> words,
        @Nullable String model,
        Path folder,
        boolean json,
        int maxSteps,
        Mode approval,
        Rights sandbox,
        StorePlace store,
        @Nullable Path state,
        Duration patience,
        boolean openAi,
        List<McpServer> mcp,
        @Nullable String resume,
        Map<String, Approver.Answer> decisions,
        List<String> repeated) {

    /** The user's message; empty for none. */
    String prompt() {
        return String.join(" ", words);
    }

    /** These options for going on with a conversation. */
    Options resuming(String conversation) {
        return new Options(
                List.of(),
                model,
                folder,
                json,
                maxSteps,
                approval,
                sandbox,
                store,
                state,
                patience,
                openAi,
                mcp,
                conversation,
                decisions,
                repeated);
    }

    /** The command line that goes on with a conversation. */
    CommandText resumeCommand(String program, String command, String conversation) {
        List<String> words = new ArrayList<>(repeated);
        words.addAll(List.of("--resume", conversation));
        return commandLine(program, command, words);
    }

    /** A command with words that are repeated. */
    static CommandText commandLine(String program, String command, List<String> repeated) {
        List<String> words = new ArrayList<>(List.of(program, command));
        repeated.forEach(word -> words.add(TerminalText.shellWord(word)));
        return new CommandText(words);
    }
}
