package dev.agentloop.cli.agent;

import dev.agentloop.AgentLoop;
import dev.agentloop.Approver;
import dev.agentloop.Conversation;
import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.RetryPolicy;
import dev.agentloop.cli.options.Options;
import dev.agentloop.cli.store.ConversationRef;
import dev.agentloop.cli.terminal.TerminalText;
import dev.agentloop.cli.terminal.UsageException;
import dev.agentloop.mcp.McpServer;
import dev.agentloop.mcp.McpServers;
import dev.agentloop.mcp.McpStatus;
import dev.agentloop.spi.ConversationStore;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** An agent that was built, its store, and the one conversation that a command works on. */
public final class Session implements AutoCloseable {
    private static final String DEFAULT_MODEL = "gpt-5.1-codex";

    private final ConversationStore store;
    private final AgentLoop agent;
    private final Conversation conversation;
    private final String model;
    private final @Nullable McpServers servers;

    /** In the model's place where a conversation is only read or decided about, which needs no key. */
    private static final class NoModel implements Model {
        @Override
        public PromptSettings settings() {
            return PromptSettings.of("none").build();
        }

        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) {
            throw new IllegalStateException("this command asks no model");
        }
    }

    private Session(
            ConversationStore store,
            AgentLoop agent,
            Conversation conversation,
            String model,
            @Nullable McpServers servers) {
        this.store = store;
        this.servers = servers;
        this.agent = agent;
        this.conversation = conversation;
        this.model = model;
    }

    /**
     * Opens the conversation that the options name, or a new one.
     *
     * @param environment where a password of the store may be
     * @param models makes the model of a name
     * @param approver who is asked; null for nobody
     * @throws UsageException if there is no such conversation
     */
    public static Session open(
            Options options,
            Map<String, String> environment,
            Function<String, Model> models,
            @Nullable Approver approver) {
        McpServers servers = options.mcp().isEmpty() ? null : start(options.mcp());
        try {
            return open(options, options.store().open(environment), models, approver, servers);
        } catch (RuntimeException e) {
            close(servers);
            throw e;
        }
    }

    private static Session open(
            Options options,
            ConversationStore store,
            Function<String, Model> models,
            @Nullable Approver approver,
            @Nullable McpServers servers) {
        try {
            String resumed =
                    options.resume() == null ? null : ConversationRef.resolve(store, options.store(), options.resume());
            String name = modelName(options, resumed, store);
            AgentLoop.Builder builder = CodingAgent.builder(options, patient(models.apply(name), options), store);
            if (servers != null) {
                builder.tools(servers::tools);
            }
            AgentLoop agent = (approver == null ? builder : builder.approver(approver)).build();
            Conversation conversation = resumed == null ? agent.newConversation() : agent.resume(resumed);
            return new Session(store, agent, conversation, name, servers);
        } catch (RuntimeException e) {
            store.close();
            throw e;
        }
    }

    // A server that is not there is waited for first: what it does not answer is tried again as any failure.
    private static Model patient(Model model, Options options) {
        return RetryPolicy.DEFAULT.around(new PatientModel(model, options.patience()));
    }

    /** The model that was asked for, else the one that the conversation was held with: another one costs its cache. */
    private static String modelName(Options options, @Nullable String resumed, ConversationStore store) {
        if (options.model() != null) {
            return options.model();
        }
        if (resumed == null) {
            return DEFAULT_MODEL;
        }
        try (AgentLoop reader = reader(store)) {
            return reader.resume(resumed).prompt().model();
        }
    }

    /** An agent for reading conversations of this store and for deciding about their calls, which asks no model. */
    public static AgentLoop reader(ConversationStore store) {
        return AgentLoop.builder().model(new NoModel()).store(store).build();
    }

    private static McpServers start(List<McpServer> described) {
        McpServers.Builder builder = McpServers.builder();
        try {
            described.forEach(builder::server);
        } catch (IllegalArgumentException e) {
            throw new UsageException("--mcp: " + e.getMessage());
        }
        return builder.start();
    }

    private static void close(@Nullable McpServers servers) {
        if (servers != null) {
            servers.close();
        }
    }

    /**
     * Says what begins: the conversation and its model, where it works, what it may do, and which instructions it found.
     *
     * @param options that this was opened with
     * @param more what else the last line says
     */
    public void tellStart(PrintStream out, Options options, String more) {
        out.println("conversation " + conversation.id() + ", " + TerminalText.line(model));
        out.println("  in " + TerminalText.line(options.folder().toString()) + "; "
                + instructions(agent.agentsFiles(), AskedFolder.real(options.folder())));
        out.println("  sandbox " + Options.spelled(options.sandbox()) + ", approval "
                + Options.spelled(options.approval()) + more);
        tellServers(out);
    }

    private static String instructions(List<Path> files, Path folder) {
        return files.isEmpty()
                ? "no AGENTS.md"
                : "reads "
                        + files.stream()
                                .map(file -> file.startsWith(folder) ? folder.relativize(file) : file)
                                .map(file -> TerminalText.line(file.toString()))
                                .collect(Collectors.joining(", "));
    }

    /** Says which MCP servers run, and why the others do not. */
    public void tellServers(PrintStream out) {
        if (servers == null) {
            return;
        }
        for (McpStatus status : servers.status()) {
            out.println("MCP server " + TerminalText.line(status.server()) + ": "
                    + (status.state() == McpStatus.State.RUNNING
                            ? status.tools() + (status.tools() == 1 ? " tool" : " tools")
                            : "not running"
                                    + (status.detail().isEmpty()
                                            ? " yet"
                                            : ", " + TerminalText.line(status.detail()))));
        }
    }

    public ConversationStore store() {
        return store;
    }

    public Conversation conversation() {
        return conversation;
    }

    @Override
    public void close() {
        agent.close();
        close(servers);
        store.close();
    }
}
