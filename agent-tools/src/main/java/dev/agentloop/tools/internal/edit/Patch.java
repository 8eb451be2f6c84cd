package dev.agentloop.tools.internal.edit;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A patch as it was written: what is to happen to which file, nothing yet looked up. */
record Patch(List<FilePatch> files) {

    /** What a patch says about one file. */
    sealed interface FilePatch permits Add, Delete, Update {
        String path();
    }

    /** A file with a content of its own. */
    record Add(String path, String content) implements FilePatch {}

    /** A file that goes. */
    record Delete(String path) implements FilePatch {}

    /** A file of which some lines change, and perhaps its path. */
    record Update(String path, @Nullable String movedTo, List<Chunk> chunks) implements FilePatch {}

    /**
     * Lines that follow each other in a file, and what becomes of them.
     *
     * @param contexts lines to be found before them, one after the other
     * @param endsFile whether they are the last ones
     */
    record Chunk(List<String> contexts, List<ChunkLine> lines, boolean endsFile) {}

    /** One line of a chunk: it stays, goes, or comes. */
    record ChunkLine(Kind kind, String text) {
        boolean isOld() {
            return kind != Kind.ADDED;
        }

        boolean isNew() {
            return kind != Kind.REMOVED;
        }
    }

    /** What becomes of a line. */
    enum Kind {
        KEPT,
        REMOVED,
        ADDED
    }
}
