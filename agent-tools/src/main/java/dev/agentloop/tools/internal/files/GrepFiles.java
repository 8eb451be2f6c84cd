package dev.agentloop.tools.internal.files;

import dev.agentloop.Tool;
import dev.agentloop.ToolOutput;
import dev.agentloop.tools.internal.call.ActionTool;
import dev.agentloop.tools.internal.call.Refusal;
import dev.agentloop.tools.internal.call.ToolArguments;
import dev.agentloop.tools.internal.workspace.FileNames;
import dev.agentloop.tools.internal.workspace.Workspace;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/**
 * The tool {@code grep_files}: the files, or the lines, that match a regular expression.
 *
 * @param time how long a search may take
 */
public record GrepFiles(Workspace workspace, Duration time) {
    private static final Duration TIME = Duration.ofSeconds(30);
    private static final int DEFAULT_RESULTS = 100;
    private static final int MAX_RESULTS = 2000;
    private static final int MAX_LINE_CHARS = 500;

    private static final Tool.Specification SPECIFICATION = Tool.Specification.function(
            "grep_files",
            "Finds files with a line that matches a regular expression, the most recently changed first. "
                    + "Files that .gitignore names and binary files are left out.",
            """
            {"type":"object","properties":{\
            "pattern":{"type":"string","description":"A regular expression in Java's syntax, found anywhere in a line."},\
            "include":{"type":"string","description":"Only files that match this glob, such as *.java, *.{ts,tsx} or src/**/*.py."},\
            "path":{"type":"string","description":"The directory or file to search. Default: the directory where relative paths start."},\
            "limit":{"type":"integer","description":"The most results. Default 100."},\
            "output":{"type":"string","enum":["files","lines"],"description":"What to answer: paths (default), or matching lines as path:number:text."}\
            },"required":["pattern"],"additionalProperties":false}""");

    public static ActionTool tool(Workspace workspace) {
        return tool(workspace, TIME);
    }

    static ActionTool tool(Workspace workspace, Duration time) {
        GrepFiles grep = new GrepFiles(workspace, time);
        return ActionTool.reading(
                SPECIFICATION,
                (call, context) -> ToolOutput.text(
                        grep.run(ToolArguments.of(call, "pattern", "include", "path", "limit", "output"))));
    }

    private String run(ToolArguments arguments) throws IOException {
        Pattern pattern = compile(arguments.text("pattern"));
        Predicate<String> include = include(arguments.text("include", "*"));
        String path = arguments.text("path", ".");
        int limit = arguments.count("limit", DEFAULT_RESULTS, MAX_RESULTS);
        boolean lines = arguments.word("output", "files", "files", "lines").equals("lines");
        FileSearch search = new FileSearch(workspace, pattern, Deadline.in(time));
        try {
            List<FileSearch.Hit> hits = search.files(path, include);
            List<String> results = lines ? lines(search, hits, limit) : paths(hits);
            return answer(search, results, limit);
        } catch (IOException e) {
            throw Refusal.about(FileNames.shown(path), e);
        }
    }

    private static Pattern compile(String pattern) throws Refusal {
        if (pattern.isEmpty()) {
            throw ToolArguments.failed("`pattern` is empty");
        }
        try {
            return Pattern.compile(pattern);
        } catch (PatternSyntaxException e) {
            throw ToolArguments.failed("`pattern` is no regular expression of Java: " + e.getDescription()
                    + " near index " + e.getIndex() + " of " + pattern);
        } catch (StackOverflowError e) {
            throw ToolArguments.failed("`pattern` nests too deeply");
        }
    }

    /** A glob as ignore files have it, with alternatives in braces. */
    private static Predicate<String> include(String glob) throws Refusal {
        // A glob that only takes out begins with everything.
        IgnoreRules rules = glob.startsWith("!") ? IgnoreRules.NONE.plus("", "*") : IgnoreRules.NONE;
        for (String alternative : Braces.expand(glob)) {
            rules = rules.plus("", alternative.startsWith("#") ? "\\" + alternative : alternative);
        }
        IgnoreRules included = rules;
        return path -> included.ignores(path, false);
    }

    private List<String> paths(List<FileSearch.Hit> hits) {
        return hits.stream().map(hit -> workspace.roots().shown(hit.path())).toList();
    }

    private List<String> lines(FileSearch search, List<FileSearch.Hit> hits, int limit) throws IOException {
        List<String> results = new ArrayList<>();
        for (FileSearch.Hit hit : hits) {
            for (FileSearch.Line line : search.lines(hit, limit + 1 - results.size())) {
                String text = line.text().length() > MAX_LINE_CHARS
                        ? line.text().substring(0, MAX_LINE_CHARS) + "…"
                        : line.text();
                results.add(workspace.roots().shown(hit.path()) + ":" + line.number() + ":" + text);
            }
            if (results.size() > limit) {
                break;
            }
        }
        return results;
    }

    private String answer(FileSearch search, List<String> results, int limit) {
        StringBuilder text = new StringBuilder();
        results.stream().limit(limit).forEach(result -> text.append(result).append('\n'));
        if (results.isEmpty()) {
            text.append("No matches found.\n");
        }
        if (results.size() > limit) {
            text.append("(more than ").append(limit).append(" results; narrow the pattern, include or path)\n");
        }
        if (search.timedOut()) {
            text.append("(stopped after ")
                    .append(time.toSeconds())
                    .append(" s before everything was searched; narrow the pattern, include or path)\n");
        }
        if (search.unreadable() > 0) {
            text.append("(").append(search.unreadable()).append(" files or directories could not be read)\n");
        }
        if (search.longLines() > 0) {
            text.append("(")
                    .append(search.longLines())
                    .append(" lines were searched in their first ")
                    .append(FileSearch.LINE_LIMIT)
                    .append(" bytes only)\n");
        }
        return text.toString();
    }
}
