package dev.agentloop.tools.internal.workspace;

import dev.agentloop.internal.PathText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.text.Normalizer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Files and folders that the file tools neither read nor change, although they lie inside a root: the agent's own
 * records. Who could write them could approve his own calls.
 *
 * <p>They are known by what they are on disk, so that no link, no other case and no other Unicode form of a name leads
 * in; one that does not exist yet is known by its name. Immutable.
 */
public final class Fence {
    /** As many names of one place as links may give it. */
    private static final int MOST_NAMES = 100;

    private final List<Path> places;

    public Fence(Collection<Path> places) {
        this.places = places.stream()
                .map(place -> place.toAbsolutePath().normalize())
                .distinct()
                .toList();
    }

    Fence plus(Collection<Path> more) {
        List<Path> all = new ArrayList<>(places);
        all.addAll(more);
        return new Fence(all);
    }

    /** Looks where the places are now, for one walk. */
    public Sight look() {
        Sight sight = new Sight();
        for (Path place : places) {
            for (Path name : names(place)) {
                sight.inside.add(name);
                for (Path above = name.getParent(); above != null; above = above.getParent()) {
                    sight.above.add(above);
                }
            }
        }
        return sight;
    }

    /**
     * The place at or above which a folder lies, which must not be a root then.
     *
     * @return null if it lies in none
     */
    @Nullable
    Path around(Path folder) {
        for (Path place : places) {
            Sight sight = new Fence(List.of(place)).look();
            for (Path at = folder; at != null; at = at.getParent()) {
                if (sight.closes(at)) {
                    return place;
                }
            }
        }
        return null;
    }

    /** Every absolute path of a place that its links give it on the way, the one free of links included. */
    private static Set<Path> names(Path place) {
        Set<Path> names = new LinkedHashSet<>();
        Deque<Path> pending = new ArrayDeque<>(List.of(place));
        while (!pending.isEmpty() && names.size() < MOST_NAMES) {
            Path name = pending.remove();
            if (names.add(name)) {
                Path next = behindFirstLink(name);
                if (next != null) {
                    pending.add(next);
                }
            }
        }
        try {
            names.add(place.toRealPath());
        } catch (IOException e) {
            // It does not exist yet.
        }
        return names;
    }

    private static @Nullable Path behindFirstLink(Path name) {
        Path at = name.getRoot();
        for (Path element : name) {
            at = at.resolve(element);
            if (Files.isSymbolicLink(at)) {
                try {
                    Path target = at.resolveSibling(Files.readSymbolicLink(at));
                    return target.resolve(at.relativize(name)).normalize();
                } catch (IOException e) {
                    return null;
                }
            }
        }
        return null;
    }

    private static @Nullable BasicFileAttributes attributes(Path path) {
        try {
            return Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        } catch (IOException e) {
            return null;
        }
    }

    /** What is fenced at one moment. Belongs to one thread. */
    public static final class Sight {
        private final Group inside = new Group();
        private final Group above = new Group();

        /** Whether a path is a fenced place. */
        public boolean closes(Path path, @Nullable BasicFileAttributes found) {
            return inside.has(path, found);
        }

        /** Whether a path is a fenced place, whatever is there now. */
        public boolean closes(Path path) {
            return closes(path, attributes(path));
        }

        /** Whether a fenced place lies below a path, whatever is there now. */
        public boolean leadsTo(Path path) {
            return leadsTo(path, attributes(path));
        }

        /** Whether a path is a folder or link through which a fenced place is reached. */
        boolean leadsTo(Path path, @Nullable BasicFileAttributes found) {
            return above.has(path, found);
        }
    }

    private static final class Group {
        private final Set<Path> paths = new HashSet<>();
        private final Set<Object> keys = new HashSet<>();
        /** Of those that no key tells apart, since they do not exist or the platform has none. */
        private final Set<String> names = new HashSet<>();

        void add(Path path) {
            if (paths.add(path)) {
                BasicFileAttributes found = attributes(path);
                if (found != null && found.fileKey() != null) {
                    keys.add(found.fileKey());
                } else {
                    names.add(folded(path));
                }
            }
        }

        boolean has(Path path, @Nullable BasicFileAttributes found) {
            return paths.contains(path)
                    || (found != null && found.fileKey() != null && keys.contains(found.fileKey()))
                    || (!names.isEmpty() && names.contains(folded(path)));
        }

        private static String folded(Path path) {
            return Normalizer.normalize(PathText.text(path), Normalizer.Form.NFC)
                    .toLowerCase(Locale.ROOT);
        }
    }
}
