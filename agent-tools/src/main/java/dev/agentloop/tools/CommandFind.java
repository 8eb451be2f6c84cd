package dev.agentloop.tools;

import java.util.List;
import java.util.Set;
import java.util.function.Predicate;

/** The expressions of {@code find} known to change nothing and to start no other program. */
final class CommandFind {
    // Left out on purpose: -exec, -execdir, -ok, -okdir, -delete, -fls, -fprint, -fprint0, -fprintf, -files0-from, and
    // -L and -follow, which leave the starting points by links.
    private static final Set<String> FLAGS = words("""
            -P -a -and -daystart -depth -empty -executable -false -ignore_readdir_race -ls -mount -nogroup -noleaf -not
            -nouser -o -or -print -print0 -prune -quit -readable -true -writable -xdev ! ( ) ,
            """);

    private static final Set<String> WITH_TEXT = words("""
            -amin -atime -cmin -ctime -fstype -gid -group -ilname -iname -inum -ipath -iregex -iwholename -links -lname
            -maxdepth -mindepth -mmin -mtime -name -newerat -newerct -newermt -path -perm -printf -regex -regextype
            -size -type -uid -used -user -wholename -xtype
            """);

    private static final Set<String> WITH_PATH = words("-anewer -cnewer -newer -samefile");

    private CommandFind() {}

    /** Whether {@code find} is harmless with these words behind its name, its paths passing {@code inside}. */
    static boolean allows(List<String> words, Predicate<String> inside) {
        boolean expression = false;
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            boolean withText = WITH_TEXT.contains(word);
            if (withText || WITH_PATH.contains(word)) {
                expression = true;
                i++;
                if (i == words.size() || (!withText && !inside.test(words.get(i)))) {
                    return false;
                }
            } else if (FLAGS.contains(word)) {
                expression = true;
            } else if (expression || word.startsWith("-") || !inside.test(word)) {
                return false;
            }
        }
        return true;
    }

    private static Set<String> words(String text) {
        return Set.of(text.strip().split("\\s+"));
    }
}
