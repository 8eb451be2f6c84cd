package dev.agentloop.tools.internal.command;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

/**
 * The commands known to change nothing and to start no other program, with the options for which that holds.
 *
 * <p>An option that is not listed makes a call of the command unknown, so a new option of a new version is never
 * trusted by mistake, nor is an abbreviated one. A line reads {@code name options | operands}:
 *
 * <table>
 *   <caption>Notation</caption>
 *   <tr><td>{@code -abc}</td><td>options without a value</td></tr>
 *   <tr><td>{@code -#}</td><td>a number as an option, such as {@code -20}</td></tr>
 *   <tr><td>{@code -n:} {@code --lines:}</td><td>an option whose value is no path</td></tr>
 *   <tr><td>{@code -f@} {@code --file@}</td><td>an option whose value is a path</td></tr>
 *   <tr><td>{@code --color?}</td><td>an option that may have a value after {@code =}</td></tr>
 *   <tr><td>a {@code !} at its end</td><td>with this option no operand is a pattern</td></tr>
 *   <tr><td>{@code anything}</td><td>no word is ever read as a path or does harm</td></tr>
 *   <tr><td>{@code files}</td><td>the operands are paths</td></tr>
 *   <tr><td>{@code one-file}</td><td>one path at most and nothing behind it, as a second would be written to</td></tr>
 *   <tr><td>{@code pattern}</td><td>the first operand is a pattern, the others are paths</td></tr>
 * </table>
 */
final class CommandTable {
    // Left out on purpose. Writing: base64 -o, a second operand of uniq. Starting programs: rg --pre, -z and
    // --hostname-bin. Reading outside of the operands: wc --files0-from, and all that follows links below a folder
    // (grep -R, rg -L, ls -L).
    private static final String LINES = """
            echo     | anything
            expr     | anything
            false    | anything
            id       | anything
            numfmt   | anything
            pwd      | anything
            seq      | anything
            tr       | anything
            true     | anything
            uname    | anything
            which    | anything
            whoami   | anything
            base64   -dD -w: --decode --wrap: | files
            cat      -AbeEnstTuv --number --number-nonblank --show-all --show-ends --show-tabs --show-nonprinting \
                     --squeeze-blank | files
            cut      -nsz -b: -c: -d: -f: --bytes: --characters: --fields: --delimiter: --output-delimiter: \
                     --complement --only-delimited --zero-terminated | files
            grep     -abcEFGhHiIlLnoPqrsTuUvwxyzZ -# -A: -B: -C: -d: -D: -m: -e:! -f@! \
                     --after-context: --before-context: --context: --max-count: --regexp:! --file@! \
                     --extended-regexp --fixed-strings --basic-regexp --perl-regexp --ignore-case --no-ignore-case \
                     --invert-match --word-regexp --line-regexp --count --color? --colour? --files-with-matches \
                     --files-without-match --only-matching --quiet --silent --no-messages --byte-offset \
                     --with-filename --no-filename --label: --line-number --initial-tab --null --null-data --text \
                     --binary-files: --exclude: --exclude-dir: --include: --recursive --line-buffered | pattern
            head     -qvz -# -c: -n: --bytes: --lines: --quiet --silent --verbose --zero-terminated | files
            ls       -aAbBcCdfFgGhiklmnNopqQrRsStuUvxXZ1 --all --almost-all --author --escape \
                     --ignore-backups --directory --classify? --file-type --full-time --group-directories-first \
                     --no-group --human-readable --si --inode --kibibytes --numeric-uid-gid --literal \
                     --hide-control-chars --show-control-chars --quote-name --reverse --recursive --size --color? \
                     --format: --sort: --time: --time-style: --hide: --ignore: --indicator-style: --width: | files
            nl       -p -b: -d: -f: -h: -i: -l: -n: -s: -v: -w: --body-numbering: --number-format: --number-width: \
                     --number-separator: --starting-line-number: | files
            paste    -sz -d: --delimiters: --serial --zero-terminated | files
            rev      | files
            rg       -.0acFhHiIlnNopPqsSuUvVwx -A: -B: -C: -d: -E: -e:! -f@! -g: -j: -m: -M: -r: -t: -T: \
                     --after-context: --before-context: --context: --regexp:! --file@! --files! --type-list! \
                     --fixed-strings --ignore-case --smart-case --case-sensitive --word-regexp --line-regexp \
                     --invert-match --count --count-matches --files-with-matches --files-without-match \
                     --only-matching --line-number --no-line-number --column --no-column --heading --no-heading \
                     --with-filename --no-filename --hidden --no-hidden --no-ignore --no-ignore-vcs --no-config \
                     --no-messages --glob: --iglob: --type: --type-not: --max-count: --max-depth: --max-columns: \
                     --max-filesize: --replace: --sort: --sortr: --color: --colors: --encoding: --engine: --threads: \
                     --multiline --multiline-dotall --pcre2 --json --stats --trim --vimgrep --null --text --binary \
                     --unrestricted --passthru --pretty --crlf --quiet | pattern
            stat     -fLt -c: --format: --printf: --dereference --file-system --terse | files
            tac      -br -s: --before --regex --separator: | files
            tail     -fFqvrz -# -c: -n: -s: --bytes: --lines: --follow? --quiet --silent --retry --verbose \
                     --sleep-interval: --zero-terminated | files
            uniq     -cdDiuz -f: -s: -w: --count --repeated --unique --ignore-case --skip-fields: --skip-chars: \
                     --check-chars: --zero-terminated | one-file
            wc       -clLmw --bytes --chars --lines --max-line-length --words | files
            """;

    // Of find, left out on purpose: -exec, -execdir, -ok, -okdir, -delete, -fls, -fprint, -fprint0, -fprintf,
    // -files0-from, and
    // -L and -follow, which leave the starting points by links.
    private static final Set<String> FIND_FLAGS = words("""
            -P -a -and -daystart -depth -empty -executable -false -ignore_readdir_race -ls -mount -nogroup -noleaf -not
            -nouser -o -or -print -print0 -prune -quit -readable -true -writable -xdev ! ( ) ,
            """);

    private static final Set<String> FIND_WITH_TEXT = words("""
            -amin -atime -cmin -ctime -fstype -gid -group -ilname -iname -inum -ipath -iregex -iwholename -links -lname
            -maxdepth -mindepth -mmin -mtime -name -newerat -newerct -newermt -path -perm -printf -regex -regextype
            -size -type -uid -used -user -wholename -xtype
            """);

    private static final Set<String> FIND_WITH_PATH = words("-anewer -cnewer -newer -samefile");

    private static final Map<String, Entry> ENTRIES = read();

    /** What an option of a command takes. */
    private enum Value {
        NONE,
        TEXT,
        PATH,
        ATTACHED
    }

    private CommandTable() {}

    /** Whether a command is known to be harmless with these words behind its name, its paths passing {@code inside}. */
    static boolean allows(String name, List<String> words, Predicate<String> inside) {
        return switch (name) {
            case "find" -> isFinding(words, inside);
            case "sed" -> isPrintingLines(words) && (words.size() < 3 || inside.test(words.get(2)));
            default -> ENTRIES.containsKey(name) && ENTRIES.get(name).allows(words, inside);
        };
    }

    /** Whether {@code find} is harmless with these words behind its name, its paths passing {@code inside}. */
    private static boolean isFinding(List<String> words, Predicate<String> inside) {
        boolean expression = false;
        for (int i = 0; i < words.size(); i++) {
            String word = words.get(i);
            boolean withText = FIND_WITH_TEXT.contains(word);
            if (withText || FIND_WITH_PATH.contains(word)) {
                expression = true;
                i++;
                if (i == words.size() || (!withText && !inside.test(words.get(i)))) {
                    return false;
                }
            } else if (FIND_FLAGS.contains(word)) {
                expression = true;
            } else if (expression || word.startsWith("-") || !inside.test(word)) {
                return false;
            }
        }
        return true;
    }

    /** {@code sed -n 5p}, {@code sed -n 5,10p}, each with at most one file. */
    private static boolean isPrintingLines(List<String> words) {
        return words.size() >= 2
                && words.size() <= 3
                && words.get(0).equals("-n")
                && words.get(1).matches("([0-9]+,)?[0-9]+p")
                && (words.size() == 2 || !words.get(2).startsWith("-"));
    }

    private static Set<String> words(String text) {
        return Set.of(text.strip().split("\\s+"));
    }

    private static Map<String, Entry> read() {
        Map<String, Entry> entries = new HashMap<>();
        LINES.lines().forEach(line -> {
            int bar = line.lastIndexOf('|');
            List<String> words = List.of(line.substring(0, bar).trim().split(" +"));
            entries.put(
                    words.get(0),
                    new Entry(
                            words.subList(1, words.size()),
                            line.substring(bar + 1).trim()));
        });
        return Map.copyOf(entries);
    }

    /** One line of the table. */
    private static final class Entry {
        private final Map<String, Value> options = new HashMap<>();
        private final Set<String> patternOptions = new HashSet<>();
        private final String operands;

        private Entry(List<String> notation, String operands) {
            this.operands = operands;
            for (String word : notation) {
                boolean pattern = word.endsWith("!");
                String option = pattern ? word.substring(0, word.length() - 1) : word;
                Value value = value(option);
                String name = value == Value.NONE ? option : option.substring(0, option.length() - 1);
                List<String> names = name.startsWith("--")
                        ? List.of(name)
                        : name.substring(1)
                                .chars()
                                .mapToObj(c -> "-" + (char) c)
                                .toList();
                names.forEach(each -> options.put(each, value));
                if (pattern) {
                    patternOptions.addAll(names);
                }
            }
        }

        private static Value value(String option) {
            return switch (option.charAt(option.length() - 1)) {
                case ':' -> Value.TEXT;
                case '@' -> Value.PATH;
                case '?' -> Value.ATTACHED;
                default -> Value.NONE;
            };
        }

        boolean allows(List<String> words, Predicate<String> inside) {
            return operands.equals("anything") || new Reading(words, inside).allowed();
        }

        /** One walk over the words of a call. */
        private final class Reading {
            private final List<String> words;
            private final Predicate<String> inside;
            private int at;
            private int operandCount;
            private boolean patternGiven;
            private boolean firstOperandInside = true;

            Reading(List<String> words, Predicate<String> inside) {
                this.words = words;
                this.inside = inside;
            }

            boolean allowed() {
                boolean optionsOver = false;
                while (at < words.size()) {
                    String word = words.get(at++);
                    boolean fine;
                    if (!optionsOver && word.equals("--")) {
                        optionsOver = true;
                        fine = true;
                    } else if (optionsOver || !word.startsWith("-") || word.equals("-")) {
                        fine = operand(word);
                    } else if (word.startsWith("--")) {
                        fine = longOption(word);
                    } else {
                        fine = shortOptions(word);
                    }
                    if (!fine) {
                        return false;
                    }
                }
                boolean firstIsPattern = operands.equals("pattern") && !patternGiven;
                return firstIsPattern || firstOperandInside;
            }

            private boolean operand(String word) {
                operandCount++;
                if (operands.equals("one-file")) {
                    return at == words.size() && inside.test(word);
                }
                if (operandCount == 1) {
                    // Whether it is a path is known only when all options were seen.
                    firstOperandInside = inside.test(word);
                    return true;
                }
                return inside.test(word);
            }

            private boolean longOption(String word) {
                int equals = word.indexOf('=');
                String name = equals < 0 ? word : word.substring(0, equals);
                Value value = options.get(name);
                if (value == null) {
                    return false;
                }
                patternGiven |= patternOptions.contains(name);
                if (equals >= 0) {
                    return value != Value.NONE && (value != Value.PATH || inside.test(word.substring(equals + 1)));
                }
                return value == Value.NONE || value == Value.ATTACHED || nextWord(name);
            }

            private boolean shortOptions(String word) {
                if (word.substring(1).matches("[0-9]+")) {
                    return options.containsKey("-#");
                }
                for (int i = 1; i < word.length(); i++) {
                    String name = "-" + word.charAt(i);
                    Value value = options.get(name);
                    if (value == null || name.equals("-#")) {
                        return false;
                    }
                    patternGiven |= patternOptions.contains(name);
                    if (value != Value.NONE) {
                        String attached = word.substring(i + 1);
                        return attached.isEmpty() ? nextWord(name) : value != Value.PATH || inside.test(attached);
                    }
                }
                return true;
            }

            /**
             * Takes the next word as a value. What is a value here may be an operand on another system, or behind the
             * first operand; so it must do as a path, too, except for a pattern where all systems agree.
             */
            private boolean nextWord(String name) {
                if (at == words.size()) {
                    return false;
                }
                String word = words.get(at++);
                return operandCount == 0 && patternOptions.contains(name) && options.get(name) == Value.TEXT
                        || inside.test(word);
            }
        }
    }
}
