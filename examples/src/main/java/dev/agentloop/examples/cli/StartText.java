package dev.agentloop.examples.cli;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** Says what begins: the conversation and its model, where it works, what it may do, and which instructions it found. */
final class StartText {
    private StartText() {}

    /**
     * Says it.
     *
     * @param more what else the last line says
     */
    static void tell(PrintStream out, Session session, Options options, String more) {
        out.println("conversation " + session.conversation().id() + ", " + TerminalText.line(session.model()));
        out.println("  in " + TerminalText.line(options.folder().toString()) + "; "
                + instructions(session.agentsFiles(), AskedFolder.real(options.folder())));
        out.println("  sandbox " + OptionParser.spelled(options.sandbox()) + ", approval "
                + OptionParser.spelled(options.approval()) + more);
        session.tellServers(out);
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
}
