package dev.agentloop.cli.options;

import dev.agentloop.ApprovalPolicy.Mode;
import dev.agentloop.ApprovalPolicy.Rights;
import dev.agentloop.Approver;
import dev.agentloop.cli.store.HomeFolder;
import dev.agentloop.cli.store.StorePlace;
import dev.agentloop.cli.terminal.CommandText;
import dev.agentloop.cli.terminal.TerminalText;
import dev.agentloop.cli.terminal.UsageException;
import dev.agentloop.mcp.McpServer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
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
 * @param resume which conversation to go on with, as {@code ConversationRef} reads it; the first word of
 *     approve and deny; null for a new one
 * @param decisions what was decided about calls that wait, by call id, in the order of the command line
 * @param repeated the words of this command line that the next one about the conversation must repeat
 */
public record Options(
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

    /**
     * Reads the words. By hand: there are a dozen options, and a library for this would take a good part of the time in
     * which the first request is to be on its way.
     */
    private static final class Parser {
        private static final String OPENAI = "https://api.openai.com";

        private static final List<String> EXEC_ONLY = List.of("--json", "--approve", "--deny");
        private static final List<String> DECIDING = List.of("approve", "deny");
        private static final List<String> DECIDED = List.of("--resume", "--approve", "--deny");
        private static final List<String> REPEATED =
                List.of("--approval", "--sandbox", "--mcp", "--mcp-trust", "--wait");

        private final String command;
        private final Deque<String> words;
        private final List<String> plain = new ArrayList<>();
        private final Map<String, Approver.Answer> decisions = new LinkedHashMap<>();
        private final List<String> repeated = new ArrayList<>();
        private @Nullable String model;
        private Path folder = Path.of("");
        private boolean json;
        private int maxSteps;
        private Mode approval = Mode.ON_REQUEST;
        private Rights sandbox = Rights.WORKSPACE_WRITE;
        private @Nullable String store;
        private final List<McpServer> mcp = new ArrayList<>();
        private final Set<String> trusted = new LinkedHashSet<>();
        private @Nullable String resume;
        private @Nullable Duration wait;

        Parser(String command, List<String> words) {
            this.command = command;
            this.words = new ArrayDeque<>(words);
        }

        void readAll() {
            while (!words.isEmpty()) {
                String word = words.remove();
                if (word.equals("--")) {
                    plain.addAll(words);
                    return;
                }
                int equals = word.startsWith("--") ? word.indexOf('=') : -1;
                String name = equals < 0 ? word : word.substring(0, equals);
                if (!word.startsWith("-") || word.equals("-")) {
                    plain.add(word);
                } else if (command.equals("chat") && EXEC_ONLY.contains(name)) {
                    throw new UsageException(name + " belongs to exec; chat asks you itself");
                } else if (DECIDING.contains(command) && DECIDED.contains(name)) {
                    throw new UsageException(name + " belongs to exec; " + command
                            + " is given the conversation's id and, where several wait, the call's");
                } else if (name.equals("--json")) {
                    json = true;
                } else {
                    read(name, equals < 0 ? null : word.substring(equals + 1));
                }
            }
        }

        private void read(String name, @Nullable String given) {
            switch (name) {
                case "--model" -> model = value(name, given);
                case "--cd" -> folder = Path.of(value(name, given));
                case "--max-steps" -> maxSteps = positive(name, value(name, given));
                case "--approval" -> approval = word(name, value(name, given), Mode.values());
                case "--sandbox" -> sandbox = word(name, value(name, given), Rights.values());
                case "--store" -> store = value(name, given);
                case "--mcp" -> mcp.add(McpOption.parse(value(name, given)));
                case "--mcp-trust" -> trusted.add(value(name, given));
                case "--wait" -> wait = WaitOption.parse(value(name, given));
                case "--resume" -> resume = value(name, given);
                case "--approve" -> decisions.put(value(name, given), Approver.Answer.approve());
                case "--deny" -> deny(value(name, given));
                default -> throw new UsageException("there is no option " + name);
            }
        }

        private String value(String name, @Nullable String given) {
            String value = given != null ? given : words.poll();
            if (value == null || value.isEmpty()) {
                throw new UsageException(name + " needs a value");
            }
            if (REPEATED.contains(name)) {
                repeated.addAll(List.of(name, value));
            }
            return value;
        }

        private static int positive(String name, String value) {
            try {
                int number = Integer.parseInt(value);
                if (number > 0) {
                    return number;
                }
            } catch (NumberFormatException e) {
                // Said below, as for a number that is too small.
            }
            throw new UsageException(name + " needs a whole number of at least 1, not \"" + value + "\"");
        }

        private static <E extends Enum<E>> E word(String name, String value, E[] choices) {
            for (E choice : choices) {
                if (spelled(choice).equals(value)) {
                    return choice;
                }
            }
            throw new UsageException(name + " is one of "
                    + Arrays.stream(choices).map(Options::spelled).collect(Collectors.joining(", ")) + ", not \""
                    + value + "\"");
        }

        private void deny(String value) {
            int equals = value.indexOf('=');
            String callId = equals < 0 ? value : value.substring(0, equals);
            decisions.put(callId, Approver.Answer.deny(equals < 0 ? "" : value.substring(equals + 1)));
        }

        Options options(Map<String, String> environment) {
            if (!decisions.isEmpty() && resume == null) {
                throw new UsageException("--approve and --deny need --resume with the conversation's id");
            }
            if (command.equals("exec") && plain.isEmpty() && resume == null) {
                throw new UsageException("exec needs a prompt, such as: exec \"Add a diagram to README.md\"");
            }
            if (!Files.isDirectory(folder.toAbsolutePath())) {
                throw new UsageException("there is no folder " + folder.toAbsolutePath() + " to work in (--cd)");
            }
            StorePlace place = StorePlace.parse(store, environment);
            Path workspace = folder.toAbsolutePath().normalize();
            if (store != null && place instanceof StorePlace.Folder kept && kept.isIn(workspace)) {
                throw new UsageException(
                        "--store: " + kept.path() + " lies in the folder to work in, " + workspace
                                + ", where the model's tools write: they could change conversations and decisions. Name a place outside");
            }
            repeated.addAll(0, List.of("--cd", workspace.toString(), "--store", place.shown()));
            return new Options(
                    List.copyOf(plain),
                    model,
                    workspace,
                    json,
                    maxSteps,
                    approval,
                    sandbox,
                    place,
                    HomeFolder.state(environment),
                    wait == null ? usualWait() : wait,
                    environment.getOrDefault("OPENAI_BASE_URL", OPENAI).matches("\\s*|" + OPENAI + "(/.*)?"),
                    servers(),
                    DECIDING.contains(command) && !plain.isEmpty() ? plain.get(0) : resume,
                    decisions,
                    repeated);
        }

        // Who talks sees the time go by, and can end it; nobody ends what waits in a script.
        private Duration usualWait() {
            return command.equals("chat") ? WaitOption.FOR_EVER : Duration.ZERO;
        }

        private List<McpServer> servers() {
            for (String name : trusted) {
                if (mcp.stream().noneMatch(server -> server.name().equals(name))) {
                    throw new UsageException("--mcp-trust " + name + ": no --mcp has that name");
                }
            }
            return mcp.stream()
                    .map(server -> trusted.contains(server.name()) ? server.withTrust(McpServer.Trust.HINTS) : server)
                    .toList();
        }
    }

    /**
     * The options in these words.
     *
     * @param command {@code exec}, {@code chat}, {@code approve} or {@code deny}
     * @param environment where the folder of the conversations may be named
     * @throws UsageException if they are none
     */
    public static Options parse(String command, List<String> words, Map<String, String> environment) {
        Parser parser = new Parser(command, words);
        parser.readAll();
        return parser.options(environment);
    }

    /** A choice as the command line spells it. */
    public static String spelled(Enum<?> choice) {
        return choice.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The user's message; empty for none. */
    public String prompt() {
        return String.join(" ", words);
    }

    /** The command line that goes on with a conversation. */
    public CommandText resumeCommand(String program, String command, String conversation) {
        List<String> words = new ArrayList<>(repeated);
        words.addAll(List.of("--resume", conversation));
        return commandLine(program, command, words);
    }

    /** A command with words that are repeated. */
    public static CommandText commandLine(String program, String command, List<String> repeated) {
        List<String> words = new ArrayList<>(List.of(program, command));
        repeated.forEach(word -> words.add(TerminalText.shellWord(word)));
        return new CommandText(words);
    }
}
