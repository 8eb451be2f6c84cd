package dev.agentloop.tools.internal.edit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.ToolOutput;
import dev.agentloop.internal.PathText;
import dev.agentloop.tools.Calls;
import dev.agentloop.tools.Trees;
import dev.agentloop.tools.internal.edit.RandomPatch.Changed;
import dev.agentloop.tools.internal.edit.RandomPatch.Gone;
import dev.agentloop.tools.internal.edit.RandomPatch.Outcome;
import dev.agentloop.tools.internal.edit.RandomPatch.Written;
import dev.agentloop.tools.internal.edit.RandomText.Line;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.Normalizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random patches over random files lose no byte that the patch does not name, and change nothing if they fail.
 *
 * <p>{@code -Dagentloop.patch.runs=10000} tries so many; {@code -Dagentloop.patch.seed} and {@code .runs=1} take the
 * seed that a failure prints.
 */
class RandomPatchTest {
    private static final int RUNS = Integer.getInteger("agentloop.patch.runs", 300);

    private static final List<String> NAMES =
            List.of("a.txt", "dir/b.txt", "with space.txt", "-dash", "caf\u00E9.txt", "cafe\u0301.txt", "no-ending");

    private static final Pattern HEADER = Pattern.compile("\\*{3} (?:(?:Add|Delete|Update) File|Move to):(?: *)(.*)");

    @TempDir
    Path temp;

    private int applied;
    private int exact;

    @Test
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void patch_ofRandomLines_losesNoByteThatItDoesNotName() throws Exception {
        long first = Long.getLong("agentloop.patch.seed", System.nanoTime());
        for (int run = 0; run < RUNS; run++) {
            attempt(first + run, false);
        }
        assertThat(applied).as("applied, first seed " + first).isGreaterThanOrEqualTo(RUNS * 9 / 10);
        assertThat(exact).as("with one outcome, first seed " + first).isGreaterThanOrEqualTo(RUNS / 5);
    }

    @Test
    @Timeout(value = 30, unit = TimeUnit.MINUTES)
    void patch_damagedAnywhere_changesNothingOrOnlyWhatItNames() throws Exception {
        long first = Long.getLong("agentloop.patch.seed", System.nanoTime());
        for (int run = 0; run < RUNS; run++) {
            attempt(first + run, true);
        }
        assertThat(applied).as("applied, first seed " + first).isBetween(RUNS / 50, RUNS * 9 / 10);
    }

    private void attempt(long seed, boolean damaged) throws Exception {
        Random random = new Random(seed);
        Path root = Files.createDirectory(temp.resolve("run" + seed));
        Map<String, RandomText> files = new TreeMap<>();
        for (String name : NAMES) {
            if (random.nextInt(3) != 0) {
                files.put(name, RandomText.random(random));
                Path file = Trees.at(root, name);
                Files.createDirectories(file.getParent());
                Files.write(file, files.get(name).bytes());
            }
        }
        RandomPatch patch = RandomPatch.of(random, files);
        List<String> lines = damaged ? damaged(patch.lines(), random) : patch.lines();
        String text = String.join(random.nextInt(5) == 0 ? "\r\n" : "\n", lines);
        Map<String, String> before = contents(root);

        ToolOutput output = Calls.in(root, temp.resolve("state")).call("apply_patch", "input", text);

        String what = "seed " + seed + (damaged ? ", damaged" : "") + "\nfiles " + files + "\n"
                + shown(String.join("\n", lines) + "\n" + output.text());
        Map<String, String> after = contents(root);
        if (output.error()) {
            assertThat(after).as(what).isEqualTo(before);
            assertThat(damaged || patch.mayFail()).as(what).isTrue();
        } else {
            applied++;
            Set<String> headers = headers(lines);
            Predicate<String> named =
                    damaged ? name -> headers.contains(composed(name)) : patch.outcomes()::containsKey;
            requireOthersUntouched(named, before, after, what);
            if (!damaged) {
                for (Map.Entry<String, Outcome> outcome : patch.outcomes().entrySet()) {
                    require(Trees.at(root, outcome.getKey()), outcome.getValue(), what);
                }
            }
        }
        delete(root);
    }

    private static String shown(String text) {
        return text.replaceAll("x{100,}", "x…");
    }

    private static void requireOthersUntouched(
            Predicate<String> named, Map<String, String> before, Map<String, String> after, String what) {
        Map<String, String> left = new TreeMap<>(before);
        Map<String, String> there = new TreeMap<>(after);
        left.keySet().removeIf(named);
        there.keySet().removeIf(named);
        assertThat(there).as(what).isEqualTo(left);
    }

    /** The names in the headers of a patch, which damage may have changed. */
    private static Set<String> headers(List<String> lines) {
        return lines.stream()
                .map(line -> HEADER.matcher(line.strip()))
                .filter(Matcher::matches)
                .map(header -> composed(header.group(1)))
                .collect(Collectors.toSet());
    }

    private static String composed(String name) {
        return Normalizer.normalize(name, Normalizer.Form.NFC);
    }

    private void require(Path file, Outcome outcome, String what) throws IOException {
        if (outcome instanceof Gone) {
            assertThat(file).as(what).doesNotExist();
        } else if (outcome instanceof Written written) {
            assertThat(Files.readAllBytes(file)).as(what).isEqualTo(written.content());
        } else if (outcome instanceof Changed changed) {
            requireChanged(changed, Files.readAllBytes(file), what + "\nin " + file.getFileName());
        }
    }

    private void requireChanged(Changed changed, byte[] bytes, String what) {
        RandomText before = changed.before();
        if (changed.removed().isEmpty() && changed.added().isEmpty()) {
            assertThat(bytes).as(what).isEqualTo(before.bytes());
            return;
        }
        List<Line> after = before.read(bytes);
        assertThat(after).as(what + "\nis no longer " + before.charset()).isNotNull();
        int size = before.lines().size()
                - changed.removed().size()
                + changed.added().size();
        if (isOpen(before.lines())
                && after.size() == size - 1
                && changed.added().contains("")) {
            // An empty line without an ending of its own is there, and has no byte.
            after.add(new Line("", ""));
        }
        assertThat(after).as(what).hasSize(size);
        assertThat(isReachable(changed, after)).as(what + "\nbecame " + after).isTrue();
        if (changed.exact() != null) {
            exact++;
            assertThat(after.stream().map(Line::text)).as(what).isEqualTo(changed.exact());
        }
        if (!after.isEmpty() && !before.lines().isEmpty()) {
            requireEnd(before.lines(), after, what);
        }
    }

    /** A file without a final line break stays so, unless what is its last line now had one before. */
    private static void requireEnd(List<Line> before, List<Line> after, String what) {
        Line last = after.get(after.size() - 1);
        if (!last.ending().isEmpty()) {
            assertThat(!isOpen(before) || before.contains(last))
                    .as(what + "\nends with " + last)
                    .isTrue();
        } else {
            assertThat(isOpen(before)).as(what + "\nends with " + last).isTrue();
        }
    }

    private static boolean isOpen(List<Line> lines) {
        return !lines.isEmpty() && lines.get(lines.size() - 1).ending().isEmpty();
    }

    /** Whether taking out lines that the patch removes and putting in lines that it adds makes one file of the other. */
    private static boolean isReachable(Changed changed, List<Line> after) {
        List<Line> before = changed.before().lines();
        boolean[] reachable = new boolean[after.size() + 1];
        for (int i = 0; i <= before.size(); i++) {
            boolean[] next = new boolean[after.size() + 1];
            for (int j = 0; j <= after.size(); j++) {
                boolean start = i == 0 && j == 0;
                boolean goes = i > 0
                        && reachable[j]
                        && hasAlike(changed.removed(), before.get(i - 1).text());
                boolean comes = j > 0
                        && next[j - 1]
                        && changed.added().contains(after.get(j - 1).text());
                boolean stays = i > 0 && j > 0 && reachable[j - 1] && isSame(before.get(i - 1), after.get(j - 1));
                next[j] = start || goes || comes || stays;
            }
            reachable = next;
        }
        return reachable[after.size()];
    }

    private static boolean hasAlike(List<String> texts, String text) {
        return texts.stream().anyMatch(each -> RandomText.alike(each).equals(RandomText.alike(text)));
    }

    /** A line that had no ending gets one where others come after it. */
    private static boolean isSame(Line before, Line after) {
        return before.text().equals(after.text())
                && (before.ending().isEmpty() || before.ending().equals(after.ending()));
    }

    /** The patch with one line gone, doubled, exchanged, or changed. */
    private static List<String> damaged(List<String> lines, Random random) {
        List<String> damaged = new ArrayList<>(lines);
        int at = random.nextInt(lines.size());
        String line = lines.get(at);
        switch (random.nextInt(7)) {
            case 0 -> damaged.remove(at);
            case 1 -> damaged.add(at, line);
            case 2 -> damaged.set(at, lines.get(random.nextInt(lines.size())));
            case 3 -> damaged.set(at, line.isEmpty() ? "?" : line.substring(1));
            case 4 -> damaged.set(at, line + "?");
            case 5 -> damaged.set(at, line.substring(0, random.nextInt(line.length() + 1)));
            default -> damaged.subList(at, damaged.size()).clear();
        }
        return damaged;
    }

    private static Map<String, String> contents(Path root) throws IOException {
        Map<String, String> contents = new TreeMap<>();
        try (Stream<Path> paths = Files.walk(root)) {
            for (Path path : paths.filter(Files::isRegularFile).toList()) {
                String name = PathText.text(root.relativize(path)).replace('\\', '/');
                contents.put(name, new String(Files.readAllBytes(path), StandardCharsets.ISO_8859_1));
            }
        }
        return contents;
    }

    private static void delete(Path root) throws IOException {
        List<Path> all;
        try (Stream<Path> paths = Files.walk(root)) {
            all = new ArrayList<>(paths.toList());
        }
        for (int i = all.size() - 1; i >= 0; i--) {
            Files.delete(all.get(i));
        }
    }
}
