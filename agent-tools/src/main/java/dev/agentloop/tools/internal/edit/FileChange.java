package dev.agentloop.tools.internal.edit;

import dev.agentloop.tools.internal.workspace.ResolvedPath;
import java.nio.file.attribute.BasicFileAttributes;
import org.jspecify.annotations.Nullable;

/**
 * What happens to one file: it gets a new content, or it goes. The contents are not copied.
 *
 * @param resolved where the file is
 * @param before the content it must still have, null if there must be no file; not looked at when it goes
 * @param after the content it gets, null if it goes
 * @param like the file whose mode and owner it gets, null for those of any new file
 */
record FileChange(
        ResolvedPath resolved,
        byte @Nullable [] before,
        byte @Nullable [] after,
        @Nullable BasicFileAttributes like) {
    /** The most bytes that a file may have to be changed, since its old and new content are held in memory. */
    static final int SIZE_LIMIT = 32 << 20;
}
