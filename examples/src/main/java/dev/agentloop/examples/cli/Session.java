package dev.agentloop.examples.cli;

import dev.agentloop.AgentLoop;
import dev.agentloop.Approver;
import dev.agentloop.Conversation;
import dev.agentloop.Model;
import dev.agentloop.mcp.McpServer;
import dev.agentloop.mcp.McpServers;
import dev.agentloop.mcp.McpStatus;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.StoreException;
import java.io.PrintStream;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** An agent that was built, its store, and the one conversation that a command works on. */
final class Session implements AutoCloseable {
    private static final String DEFAULT_MODEL = "gpt-5.1-codex";

    private final ConversationStore store;
    private final AgentLoop agent;
    private final Conversation conversation;
    private final String model;
    private final @Nullable McpServers servers;

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
     * @param models makes the model of a name
     * @param approver who is asked; null for nobody
     * @throws UsageException if there is no such conversation
     */
    static Session open(Options options, Function<String, Model> models, @Nullable Approver approver) {
        McpServers servers = options.mcp().isEmpty() ? null : start(options.mcp());
        try {
            return open(options, models, approver, servers);
        } catch (RuntimeException e) {
            close(servers);
            throw e;
        }
    }

    private static Session open(
            Options options,
            Function<String, Model> models,
            @Nullable Approver approver,
            @Nullable McpServers servers) {
        ConversationStore store = ConversationStore.files(options.store());
        try {
            String name = modelName(options, models, store);
            AgentLoop.Builder builder = CodingAgent.builder(options, models.apply(name), store);
            if (servers != null) {
                builder.tools(servers::tools);
            }
            AgentLoop agent = (approver == null ? builder : builder.approver(approver)).build();
            Conversation conversation =
                    options.resume() == null ? agent.newConversation() : agent.resume(options.resume());
            return new Session(store, agent, conversation, name, servers);
        } catch (RuntimeException e) {
            store.close();
            throw e;
        }
    }

    /** The model that was asked for, else the one that the conversation was held with: another one costs its cache. */
    private static String modelName(Options options, Function<String, Model> models, ConversationStore store) {
        if (options.model() != null) {
            return options.model();
        }
        if (options.resume() == null) {
            return DEFAULT_MODEL;
        }
        try (AgentLoop reader = AgentLoop.builder()
                .model(models.apply(DEFAULT_MODEL))
                .store(store)
                .build()) {
            return reader.resume(options.resume()).prompt().model();
        } catch (IllegalArgumentException e) {
            throw new UsageException("--resume needs a conversation's id: " + e.getMessage());
        } catch (StoreException e) {
            if (e.kind() == StoreException.Kind.NOT_FOUND) {
                throw new UsageException("there is no conversation " + options.resume() + " in " + options.store()
                        + "; name the folder that has it with --store");
            }
            throw e;
        }
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

    /** Says which MCP servers run, and why the others do not. */
    void tellServers(PrintStream out) {
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

    Conversation conversation() {
        return conversation;
    }

    /** The name of the model. */
    String model() {
        return model;
    }

    @Override
    public void close() {
        agent.close();
        close(servers);
        store.close();
    }
}
