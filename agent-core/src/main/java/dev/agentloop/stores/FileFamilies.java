package dev.agentloop.stores;

import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.StoreException;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
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
    private static final String WHOLE = ".whole";

    private final Path folder;
    private final FileAccess access;
    private final LogReader reader;
    private final FileNames names;
    private volatile boolean whole;

    FileFamilies(Path store, FileAccess access, LogReader reader, FileNames names) {
        this.folder = store.resolve(".families");
        this.access = access;
        this.reader = reader;
        this.names = names;
    }

    /** The hash of the first entry, which those that were forked from one another share; empty where there is none. */
    String of(String conversation) {
        return reader.entry(conversation, 1).map(LogEntry::hash).orElse("");
    }

    /** The same; empty, too, where it cannot be read: what the index keeps of it is a name without a conversation. */
    String ofDamaged(String conversation) {
        try {
            return of(conversation);
        } catch (StoreException e) {
            return "";
        }
    }

    /** This conversation and those that may share entries with it. */
    Set<String> relatives(String conversation) {
        Set<String> relatives = new TreeSet<>(List.of(conversation));
        String family = of(conversation);
        if (!family.isEmpty()) {
            try {
                if (!whole()) {
                    index();
                }
                relatives.addAll(members(family));
            } catch (IOException e) {
                throw reader.logs().unavailable("look for the forks of", conversation, e);
            }
        }
        return relatives;
    }

    // Forks that were made before there was an index are found by their first entries, once.
    private void index() throws IOException {
        Map<String, List<String>> found = new HashMap<>();
        boolean all = true;
        FileNames.Ids ids = names.all();
        for (int i = ids.before(""); i >= 0; i--) {
            String id = ids.get(i);
            try {
                found.computeIfAbsent(of(id), first -> new ArrayList<>()).add(id);
            } catch (StoreException e) {
                FileLog.LOG.warn("what conversation {} was forked from is not known: {}", id, e.getMessage());
                all = false;
            }
        }
        found.remove("");
        for (Map.Entry<String, List<String>> each : found.entrySet()) {
            if (each.getValue().size() > 1) {
                add(each.getKey(), each.getValue());
            }
        }
        if (all) {
            make(folder, WHOLE);
            whole = true;
        }
    }

    /** The conversations that have that very entry. */
    List<String> sharing(String conversation, long version) {
        Optional<LogEntry> shared = reader.entry(conversation, version);
        return shared.isEmpty()
                ? List.of()
                : relatives(conversation).stream()
                        .filter(other -> reader.entry(other, version)
                                .filter(there -> same(shared.get(), there))
                                .isPresent())
                        .toList();
    }

    /** Whether it is one entry, also where it is erased in one of them. */
    static boolean same(LogEntry one, LogEntry other) {
        return one.position().equals(other.position());
    }

    /** Adds conversations to those that begin with the entry of this hash; durable when it returns. */
    void add(String first, Collection<String> conversations) throws IOException {
        for (String conversation : conversations) {
            make(folder.resolve(first), conversation + SUFFIX);
        }
    }

    private void make(Path family, String name) throws IOException {
        Path file = family.resolve(name);
        while (!Files.exists(file)) {
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
    private List<String> members(String first) throws IOException {
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

    private boolean whole() {
        whole = whole || Files.exists(folder.resolve(WHOLE));
        return whole;
    }
}
