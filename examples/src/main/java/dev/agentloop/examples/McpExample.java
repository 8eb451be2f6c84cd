package dev.agentloop.examples;

import dev.agentloop.AgentLoop;
import dev.agentloop.Model;
import dev.agentloop.mcp.McpElicitation.Answer;
import dev.agentloop.mcp.McpServer;
import dev.agentloop.mcp.McpServers;
import dev.agentloop.openai.OpenAiModel;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;

/** An agent with the tools of MCP servers: one is a program, one is asked over HTTP. */
public final class McpExample {
    private McpExample() {}

    static McpServer files(Path folder) {
        // tag::program[]
        McpServer files = McpServer.stdio(
                        "files", "npx", "-y", "@modelcontextprotocol/server-filesystem", folder.toString())
                .withDisabledTools("move_file")
                .withTrust(McpServer.Trust.HINTS)
                .withToolTimeout(Duration.ofSeconds(20));
        // end::program[]
        return files;
    }

    static McpServer docs(URI address, String key) {
        // tag::http[]
        McpServer docs = McpServer.http("docs", address).withHeader("Authorization", "Bearer " + key);
        // end::http[]
        return docs;
    }

    static String ask(Model model, McpServer server, String question) {
        // tag::ask[]
        try (McpServers servers = McpServers.builder().server(server).start();
                AgentLoop agent =
                        AgentLoop.builder().model(model).tools(servers::tools).build()) {
            return agent.newConversation().run(question).text();
        }
        // end::ask[]
    }

    static McpServers withQuestions(McpServer server) {
        // tag::elicitation[]
        McpServers servers = McpServers.builder()
                .server(server)
                .elicitation(question -> {
                    System.out.println(question.server() + " asks: " + question.message());
                    return Answer.decline();
                })
                .start();
        // end::elicitation[]
        return servers;
    }

    /** Asks a real model about the folder that is the first argument. */
    public static void main(String[] arguments) {
        Model model = OpenAiModel.fromEnvironment("gpt-5.1-codex");
        System.out.println(ask(model, files(Path.of(arguments[0])), "Which files are there?"));
    }
}
