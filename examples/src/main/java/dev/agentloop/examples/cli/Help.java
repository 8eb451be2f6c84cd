package dev.agentloop.examples.cli;

/** What {@code help} says. */
final class Help {
    static final String TEXT = """
            agent: a coding agent for the command line, made of the agentloop library

              agent demo                 shows a whole run on a sample project; needs no key and no network
              agent exec [options] TASK  does a task; the answer goes to standard output, progress to standard error;
                                         the task - is read from standard input
              agent chat [options]       talks
              agent help                 says this

            Options of exec and chat
              --model NAME         the model (gpt-5.1-codex, or the one that a resumed conversation was held with)
              --cd DIR             the folder to work in (the current one)
              --max-steps N        the most requests to the model (no limit)
              --approval MODE      untrusted   asks for all that does more than read
                                   on-request  asks where the rights end (default)
                                   never       asks nobody: what the rights do not cover is refused
              --sandbox RIGHTS     read-only        reading tools, and commands that are known to only read
                                   workspace-write  also changes of files in the folder by the file tools (default)
                                   full-access      everything
                                   Nothing confines a command once it runs: these rights decide before, not during.
              --store DIR          where conversations are kept (~/.agentloop/conversations)
              --resume ID          goes on with a conversation
              --mcp NAME=COMMAND   also the tools of an MCP server that is a program: "fs=npx -y some-server /some/folder";
              --mcp NAME=URL       or of one that is asked over HTTP; both as often as there are servers

            Options of exec alone
              --json               prints each event as a line of JSON to standard output
              --approve CALL_ID    with --resume: runs a call that awaits approval
              --deny CALL_ID[=WHY] with --resume: refuses it, and tells the model why

            Environment
              OPENAI_API_KEY       the key
              OPENAI_BASE_URL      another server with a Responses API, such as http://localhost:11434/v1
              XDG_STATE_HOME       where conversations are kept, in agentloop/conversations, if --store does not say

            Exit codes of exec
              0 finished   1 failed   2 wrong usage   3 a limit was reached   4 calls await approval   130 cancelled
            """;

    private Help() {}
}
