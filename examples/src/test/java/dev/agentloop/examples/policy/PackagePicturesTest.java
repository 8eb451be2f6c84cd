package dev.agentloop.examples.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** CONTRIBUTING.md shows the packages of each module in the order that the module's own test holds. */
class PackagePicturesTest {
    private static final String ROOT = "root";
    private static final Pattern HELD = Pattern.compile("(?s)[.]inOrder\\((.*?)\\)");
    private static final Pattern NAME = Pattern.compile("\"([^\"]*)\"");
    private static final Pattern ROW = Pattern.compile("(?m)^(agent-\\S+) +(\\S+(?: ← \\S+)+)$");
    private static final Pattern TABLE =
            Pattern.compile("(?m)^\\| (agent-\\S+) \\| idea \\|\\R\\|---\\|---\\|\\R((?:\\|.*\\R)+)");
    private static final Pattern FIRST_CELL = Pattern.compile("(?m)^\\| `(\\S+)` \\|");

    @Test
    void pictures_areTheOrdersThatTestsHold() {
        Map<String, List<String>> held = new TreeMap<>();
        Stream.concat(Repository.libraries().stream(), Stream.of(Repository.program()))
                .forEach(module -> held.put(module.getFileName().toString(), held(module)));
        // One package is no picture.
        held.values().removeIf(packages -> packages.size() == 1);
        assertThat(held).hasSizeGreaterThan(1);
        assertThat(drawn(Repository.read(Repository.root().resolve("CONTRIBUTING.md"))))
                .isEqualTo(held);
    }

    private static List<String> held(Path module) {
        String test = Repository.javaFiles().stream()
                .filter(file -> file.startsWith(module) && file.endsWith("ArchitectureTest.java"))
                .map(Repository::read)
                .findFirst()
                .orElseThrow(() -> new AssertionError("no ArchitectureTest in " + Repository.name(module)));
        MatchResult order = HELD.matcher(test).results().findFirst().orElseThrow();
        return NAME.matcher(order.group(1))
                .results()
                .map(name -> plain(name.group(1)))
                .toList();
    }

    private static Map<String, List<String>> drawn(String document) {
        Map<String, List<String>> drawn = new TreeMap<>();
        ROW.matcher(document)
                .results()
                .forEach(row -> drawn.put(row.group(1), List.of(row.group(2).split(" ← "))));
        TABLE.matcher(document)
                .results()
                .forEach(table -> drawn.put(
                        table.group(1),
                        FIRST_CELL
                                .matcher(table.group(2))
                                .results()
                                .map(cell -> plain(cell.group(1)))
                                .toList()));
        return drawn;
    }

    private static String plain(String name) {
        return name.isEmpty() ? ROOT : name.replaceFirst("^internal[.]", "");
    }
}
