package dev.agentloop.stores;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/*
 * A fork begins with the entries of its source, so all that were forked from one another have the same first entry, and its
 * hash, half of which is chance, names them. Each has an empty file of its own there: that is made or not, needs no lock, and
 * outlives the conversation in the middle of a line of forks. A name without a conversation is what a crash left, and means
 * nothing.
 */
/** Which conversations of a folder were forked from one another: an index in the folder {@code .families}. */
final class FileFamilies {
    private static final String SUFFIX = ".member";

    private final Path folder;
    private final FileAccess access;
    private volatile boolean whole;

    FileFamilies(Path store, FileAccess access) {
        this.folder = store.resolve(".families");
        this.access = access;
    }

    /** Adds conversations to those that begin with the entry of this hash; durable when it returns. */
    void add(String first, Collection<String> conversations) throws IOException {
        for (String conversation : conversations) {
            make(folder.resolve(first).resolve(conversation + SUFFIX));
        }
    }

    private void make(Path file) throws IOException {
        while (!Files.exists(file)) {
            Path family = file.getParent();
            if (!Files.isDirectory(family)) {
                Files.createDirectories(family);
                access.forceName(folder);
                access.forceName(family);
            }
            try {
                access.create(file).close();
            } catch (FileAlreadyExistsException | NoSuchFileException e) {
                continue; // Another one has just made it, or taken the last of a family away.
            }
            access.forceName(file);
        }
    }

    /** The conversations that begin with the entry of this hash, as far as any of them was forked. */
    List<String> of(String first) throws IOException {
        try (Stream<Path> members = Files.list(folder.resolve(first))) {
            return members.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(SUFFIX))
                    .map(name -> name.substring(0, name.length() - SUFFIX.length()))
                    .toList();
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }

    /** Takes a conversation out. */
    void remove(String first, String conversation) throws IOException {
        Path family = folder.resolve(first);
        Files.deleteIfExists(family.resolve(conversation + SUFFIX));
        try {
            Files.deleteIfExists(family);
        } catch (DirectoryNotEmptyException e) {
            return; // It has others.
        }
    }

    /** Whether the index has the forks that were made before there was one. */
    boolean whole() {
        whole = whole || Files.exists(folder.resolve(".whole"));
        return whole;
    }

    /** From now on the index has all forks. */
    void nowWhole() throws IOException {
        make(folder.resolve(".whole"));
        whole = true;
    }
}
