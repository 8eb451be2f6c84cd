package dev.agentloop.cli.options;

/** What {@code help} says. */
public final class Help {
    public static final String TEXT = """
            agent: a coding agent for the command line, made of the agentloop library

              agent demo                 shows a whole run on a sample project; needs no key and no network
              agent exec [options] TASK  does a task; the answer goes to standard output, progress to standard error;
                                         the task - is read from standard input
              agent chat [options]       talks
              agent approvals            lists the calls that await a decision, of the newest 100 conversations
              agent approve [options] ID [CALL]
              agent deny [options] ID [CALL]
                                         decides about a call (the only one that waits, if none is named) and goes on as
                                         exec does; the first decision about a call holds
              agent log ID               prints a conversation: what was said and called, and what it took
              agent help                 says this

            An ID may be cut short as long as it means one conversation; last is the newest one.

            Options of exec, chat, approve and deny
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
              --store DIR          where conversations are kept (~/.agentloop/conversations),
                                   not in the folder to work in;
              --store postgres     a PostgreSQL server of the agent's own, with its data in ~/.agentloop/postgres;
              --store URL          one that runs already, such as "jdbc:postgresql://localhost:5432/agents?user=ada"
              --resume ID          goes on with a conversation (exec and chat)
              --wait TIME          how long to wait for a server that cannot be reached, such as 30s, 10m or 2h
                                   (exec: a few tries; chat: until it is there or Ctrl-C)
              --mcp NAME=COMMAND   also the tools of an MCP server that is a program: "fs=npx -y some-server /some/folder";
              --mcp NAME=URL       or of one that is asked over HTTP; both as often as there are servers
              --mcp-trust NAME     believes what that server says of its tools: those that only read are not asked about

            What to type in chat
              /compact             shortens the prompt; /undo-compact takes that back
              /cancel, /id, /quit  ends what it is doing; says how to go on later; ends the talk
              /help                lists all of them; Enter alone goes on with what was not finished

            Options of exec, approve and deny
              --json               prints each event as a line of JSON to standard output

            Options of exec alone
              --approve CALL_ID    with --resume: runs a call that awaits approval
              --deny CALL_ID[=WHY] with --resume: refuses it, and tells the model why

            Options of approve and deny
              --always             with approve: also runs, in this conversation and without a question, the commands that
                                   begin as the question says
              --always=WORDS       with approve: those that begin with these words, such as --always="mvn test"
              --no-run             decides, and leaves the run to somebody else
              --reason TEXT        with deny: what the model is told

            Options of approvals and log
              --store PLACE        as above
              --all                with approvals: looks at all conversations
              --full               with log: prints long texts whole
              --json               with log: prints each entry as a line of JSON
              --prices IN,CACHED,WRITTEN,OUT
                                   with log: what a million tokens cost, so that it can say what a turn did

            Environment
              OPENAI_API_KEY       the key
              OPENAI_BASE_URL      another server with a Responses API, such as http://localhost:11434/v1
              XDG_STATE_HOME       holds agentloop/conversations and agentloop/postgres in place of ~/.agentloop
              HOME                 the home, ~ above; else the one that the system knows
              PGUSER, PGPASSWORD   who connects to a PostgreSQL server, if the URL does not say

            Exit codes
              0 finished   1 failed   2 wrong usage   3 a limit was reached   4 calls await approval
              130 cancelled by Ctrl-C   143 cancelled by the signal TERM
            """;

    private Help() {}
}
