package dev.agentloop.tools;

import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.ToolOutput.Part;
import dev.agentloop.ToolOutput.Text;
import dev.agentloop.tools.internal.call.ActionTool;
import dev.agentloop.tools.internal.edit.ApplyPatch;
import dev.agentloop.tools.internal.edit.FileChanges;
import dev.agentloop.tools.internal.edit.WriteFile;
import dev.agentloop.tools.internal.files.GrepFiles;
import dev.agentloop.tools.internal.files.ListDirectory;
import dev.agentloop.tools.internal.files.ReadFile;
import dev.agentloop.tools.internal.files.ViewImage;
import dev.agentloop.tools.internal.workspace.Workspace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Tools that read and change files inside workspace roots, and nowhere else.
 *
 * <table>
 *   <caption>The tools</caption>
 *   <tr><th>name</th><th>does</th><th>reach</th><th>after a crash</th></tr>
 *   <tr><td>{@code read_file}</td><td>lines of a text file of any size</td><td>reads</td><td>again</td></tr>
 *   <tr><td>{@code list_dir}</td><td>names in a directory</td><td>reads</td><td>again</td></tr>
 *   <tr><td>{@code grep_files}</td><td>files or lines that match, less what git ignores</td><td>reads</td>
 *       <td>again</td></tr>
 *   <tr><td>{@code view_image}</td><td>an image for the model to see</td><td>reads</td><td>again</td></tr>
 *   <tr><td>{@code write_file}</td><td>a whole file in one step</td><td>writes</td><td>again</td></tr>
 *   <tr><td>{@code apply_patch}</td><td>a patch in Codex's format, all or nothing</td><td>writes</td>
 *       <td>reported</td></tr>
 * </table>
 *
 * <p><b>Confinement.</b> A path is relative to the first root or absolute inside a root; {@code ..}, absolute paths and
 * symbolic links do not lead out, whenever a link was created: a path is walked element by element on open directories
 * ({@link java.nio.file.SecureDirectoryStream}). A link that leads to a place inside the roots is followed. Where the
 * platform has no such directories (Windows, macOS on older JDKs) every operation is preceded by a check of the real
 * path, and a link created between check and operation, within microseconds, can lead out. On every platform a hard
 * link counts as the file that it is, and a directory that another process moves out of a root while a tool holds it
 * open takes that operation with it. Nothing inside {@code .git} is written, since hooks and configuration there make
 * git run commands. A directory cannot be created on a file system that is mounted inside a root.
 *
 * <p><b>Records of the agent.</b> What a host names with {@link Builder#fenced} is not read, listed or changed, and
 * neither is the directory of the journals. {@link #in} does not know where conversations are kept: a host whose store
 * lies inside a root uses the builder.
 *
 * <p><b>Changes.</b> Files change by a rename in their own directory, so that they are never half written; mode, owner
 * and group are kept as far as the process may, extended attributes and hard links are not. While several files change,
 * a journal outside of the roots remembers their old contents. If the process dies then, the next {@code write_file} or
 * {@code apply_patch} on the same first root, in any process of the same user, undoes the change and says so; reading
 * tools only warn.
 *
 * <p>The tools are immutable and safe for use by several threads. They hold nothing open between calls.
 */
public final class FileTools {
    private final FileChanges changes;

    private FileTools(FileChanges changes) {
        this.changes = changes;
    }

    /**
     * The file tools for workspace roots, with their journal where the user's programs keep their state.
     *
     * @param root where relative paths start
     * @param moreRoots other directories that the tools may touch
     * @throws IllegalArgumentException if a root is not an existing directory
     */
    public static List<Tool> in(Path root, Path... moreRoots) {
        Builder builder = builder(root);
        for (Path more : moreRoots) {
            builder.root(more);
        }
        return builder.tools();
    }

    /**
     * Begins to configure file tools.
     *
     * @param root where relative paths start
     */
    public static Builder builder(Path root) {
        return new Builder(root);
    }

    private List<Tool> tools() {
        Workspace workspace = changes.workspace();
        return List.of(
                warning(ReadFile.tool(workspace)),
                warning(ListDirectory.tool(workspace)),
                warning(GrepFiles.tool(workspace)),
                WriteFile.tool(changes),
                new ApplyPatch(changes).tool(),
                ViewImage.tool(workspace));
    }

    /** The tool with a warning in front of its output while a dead process's change waits to be undone. */
    private ActionTool warning(ActionTool tool) {
        return ActionTool.reading(tool.specification(), (call, context) -> warned(tool, call, context));
    }

    private ToolOutput warned(ActionTool tool, ToolCall call, ToolContext context) throws IOException {
        String warning = changes.warning();
        ToolOutput output = tool.action().run(call, context);
        if (warning.isEmpty()) {
            return output;
        }
        List<Part> parts = new ArrayList<>(output.parts());
        parts.set(0, new Text(warning + output.text()));
        return new ToolOutput(parts, output.error());
    }

    /** Collects what file tools need. Not safe for use by several threads. */
    public static final class Builder {
        private final List<Path> roots = new ArrayList<>();
        private final List<Path> fenced = new ArrayList<>();
        private @Nullable Path state;

        private Builder(Path root) {
            roots.add(root);
        }

        /** Adds a directory that the tools may touch. */
        public Builder root(Path root) {
            roots.add(root);
            return this;
        }

        /**
         * Sets where journals are kept, in a folder for each first root: a local folder outside of the roots, the same
         * for every process that works on them. By default {@code agentloop} in the user's state folder:
         * {@code $XDG_STATE_HOME} or {@code ~/.local/state} ({@code ~} is {@code $HOME}), {@code ~/Library/Application Support} on macOS,
         * {@code %LOCALAPPDATA%} on Windows, a private folder among the temporary files for a user without a home.
         *
         * @throws IllegalStateException if it was set already
         */
        public Builder state(Path folder) {
            if (state != null) {
                throw new IllegalStateException("state was already set to " + state + ", now to " + folder);
            }
            state = folder;
            return this;
        }

        /**
         * Closes files and directories to the tools, which neither read nor change them, wherever they lie in a root
         * and whatever name leads to them. Give it {@link dev.agentloop.spi.ConversationStore#locations()}: who can
         * write into a store of files can approve his own calls. May be called several times.
         *
         * @param places they need not exist, nor lie in a root
         */
        public Builder fenced(Collection<Path> places) {
            fenced.addAll(places);
            return this;
        }

        /**
         * The tools: {@code read_file}, {@code list_dir}, {@code grep_files}, {@code write_file}, {@code apply_patch},
         * {@code view_image}.
         *
         * @throws IllegalArgumentException if a root is not an existing directory, or lies in one that is fenced
         */
        public List<Tool> tools() {
            Workspace workspace = Workspace.of(roots).fenced(fenced);
            return new FileTools(FileChanges.in(workspace, state)).tools();
        }
    }
}
