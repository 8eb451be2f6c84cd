package dev.agentloop.cli.commands;

import dev.agentloop.Approver;
import dev.agentloop.Outcome;
import dev.agentloop.cli.agent.AlwaysRule;
import dev.agentloop.cli.events.QuestionText;
import dev.agentloop.cli.terminal.TerminalText;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.jspecify.annotations.Nullable;

/** Puts questions to whoever types, one at a time. Thread-safe. */
final class ChatApprover implements Approver {
    private static final String NOBODY = "n nobody is there to answer";

    private final PrintStream out;
    private final Path workspace;
    private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
    private boolean asking;
    private boolean closed;

    ChatApprover(PrintStream out, Path workspace) {
        this.workspace = workspace;
        this.out = out;
    }

    @Override
    public Answer decide(Outcome.Pending question) throws InterruptedException {
        synchronized (this) {
            answers.clear();
            asking = true;
        }
        try {
            out.println("  may it? " + TerminalText.line(question.tool()));
            QuestionText.of(question, workspace).forEach(line -> out.println("    " + line));
            while (true) {
                out.println("  y, " + (question.rule().isEmpty() ? "" : "a for always, ")
                        + "n, n and a reason for the model, or why");
                Answer answer = answer(next(), question);
                if (answer != null) {
                    return answer;
                }
            }
        } finally {
            synchronized (this) {
                asking = false;
            }
        }
    }

    private String next() throws InterruptedException {
        synchronized (this) {
            if (closed && answers.isEmpty()) {
                return NOBODY;
            }
        }
        return answers.take();
    }

    private @Nullable Answer answer(String line, Outcome.Pending question) {
        String word = line.strip();
        if (word.equals("y") || word.equals("yes")) {
            return Answer.approve();
        }
        if (word.equals("a") || word.startsWith("a ")) {
            return always(question, word.substring(1));
        }
        if (word.equals("n") || word.equals("no")) {
            return Answer.deny("");
        }
        if (word.startsWith("n ") || word.startsWith("no ")) {
            return Answer.deny(word.substring(word.indexOf(' ') + 1));
        }
        if (word.equals("why")) {
            out.println("  " + TerminalText.line(question.question()));
        }
        return null;
    }

    private @Nullable Answer always(Outcome.Pending question, String prefix) {
        try {
            return Answer.always(AlwaysRule.of(question, prefix, workspace));
        } catch (IllegalArgumentException e) {
            out.println("  " + TerminalText.line(String.valueOf(e.getMessage())));
            return null;
        }
    }

    /** Takes a line as an answer; false if nothing was asked. */
    synchronized boolean take(String line) {
        return asking && answers.add(line);
    }

    /** There will be no more lines: what is still asked is refused. */
    synchronized void close() {
        closed = true;
        answers.add(NOBODY);
    }
}
