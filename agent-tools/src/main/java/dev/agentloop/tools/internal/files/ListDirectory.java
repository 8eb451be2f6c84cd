package dev.agentloop.tools.internal.files;

import dev.agentloop.Tool;
import dev.agentloop.ToolOutput;
import dev.agentloop.internal.PathText;
import dev.agentloop.tools.internal.call.ActionTool;
import dev.agentloop.tools.internal.call.Refusal;
import dev.agentloop.tools.internal.call.ToolArguments;
import dev.agentloop.tools.internal.workspace.Fence;
import dev.agentloop.tools.internal.workspace.FileNames;
import dev.agentloop.tools.internal.workspace.OpenFolder;
import dev.agentloop.tools.internal.workspace.Workspace;
import java.io.IOException;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Comparator;
import java.util.List;

/** The tool {@code list_dir}: the names in a folder and the folders in it, as Codex shows them. */
public final class ListDirectory {
    private static final int MAX_NAME_CHARS = 500;
    private static final int DEFAULT_ENTRIES = 25;
    private static final int MAX_ENTRIES = 2000;
    private static final int DEFAULT_DEPTH = 2;
    private static final int MAX_DEPTH = 20;

    private static final Tool.Specification SPECIFICATION = Tool.Specification.function(
            "list_dir",
            "Lists a directory and its subdirectories, sorted, two spaces for each level. "
                    + "/ marks a directory, @ a symbolic link, ? something else that is no file.",
            """
            {"type":"object","properties":{\
            "dir_path":{"type":"string","description":"The directory, relative to the workspace or absolute inside it."},\
            "offset":{"type":"integer","description":"The first entry to list, counting from 1. Default 1."},\
            "limit":{"type":"integer","description":"The most entries to list. Default 25."},\
            "depth":{"type":"integer","description":"How many levels to go down. Default 2."}\
            },"required":["dir_path"],"additionalProperties":false}""");

    private final int offset;
    private final int limit;
    private final int depth;
    private final Fence.Sight fence;
    private final StringBuilder text = new StringBuilder();
    private int seen;

    private ListDirectory(int offset, int limit, int depth, Fence.Sight fence) {
        this.offset = offset;
        this.limit = limit;
        this.depth = depth;
        this.fence = fence;
    }

    public static ActionTool tool(Workspace workspace) {
        return ActionTool.reading(SPECIFICATION, (call, context) -> {
            ToolArguments arguments = ToolArguments.of(call, "dir_path", "offset", "limit", "depth");
            String path = arguments.text("dir_path");
            ListDirectory list = new ListDirectory(
                    arguments.count("offset", 1, Integer.MAX_VALUE),
                    arguments.count("limit", DEFAULT_ENTRIES, MAX_ENTRIES),
                    arguments.count("depth", DEFAULT_DEPTH, MAX_DEPTH),
                    workspace.fence());
            try (OpenFolder folder = workspace.folder(path)) {
                return ToolOutput.text(list.list(path, folder));
            } catch (IOException e) {
                throw Refusal.about(FileNames.shown(path), e);
            }
        });
    }

    private String list(String path, OpenFolder folder) throws IOException {
        text.append("Absolute path: ").append(FileNames.shown(folder.path())).append('\n');
        visit(folder, 0);
        if (seen == 0) {
            text.append("(the directory is empty)\n");
        } else if (offset > seen) {
            throw new Refusal(
                    FileNames.shown(path) + ": offset " + offset + " is after the end; there are " + seen + " entries");
        } else if (full()) {
            text.append("More than ")
                    .append(limit)
                    .append(" entries found; list on with offset ")
                    .append(offset + limit)
                    .append('\n');
        }
        return text.toString();
    }

    /** Whether one entry more than asked for was seen, so that there is no use in looking on. */
    private boolean full() {
        return seen - offset >= limit;
    }

    private void visit(OpenFolder folder, int level) throws IOException {
        List<Path> names = folder.names();
        names.sort(Comparator.comparing(PathText::text));
        for (Path name : names) {
            BasicFileAttributes attributes = folder.attributes(name);
            if (attributes == null) {
                continue;
            }
            seen++;
            if (full()) {
                return;
            }
            if (seen >= offset) {
                text.append("  ".repeat(level))
                        .append(cut(FileNames.shown(name)))
                        .append(suffix(attributes))
                        .append('\n');
            }
            if (attributes.isDirectory() && level + 1 < depth && !closed(folder, name, attributes)) {
                enter(folder, name, level + 1);
                if (full()) {
                    return;
                }
            }
        }
    }

    private boolean closed(OpenFolder folder, Path name, BasicFileAttributes attributes) {
        return fence.closes(folder.path().resolve(name), attributes);
    }

    private void enter(OpenFolder folder, Path name, int level) throws IOException {
        try (OpenFolder inner = folder.folder(name)) {
            visit(inner, level);
        } catch (ClosedByInterruptException e) {
            throw e;
        } catch (IOException e) {
            if (seen >= offset) {
                text.append("  ".repeat(level)).append("(cannot be opened)\n");
            }
        }
    }

    private static String suffix(BasicFileAttributes attributes) {
        return attributes.isDirectory() ? "/" : attributes.isSymbolicLink() ? "@" : attributes.isOther() ? "?" : "";
    }

    private static String cut(String name) {
        return name.length() <= MAX_NAME_CHARS ? name : name.substring(0, MAX_NAME_CHARS);
    }
}
