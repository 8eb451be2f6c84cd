package dev.agentloop.examples.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A link of a page leads to a file of this repository. Those to elsewhere are not followed. */
class LinksTest {
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)#\\s]+)(?:#[^)]*)?\\)");

    @Test
    void linkOfAPage_leadsToAFile() {
        List<Path> pages = Repository.files().stream()
                .filter(file -> file.toString().endsWith(".md"))
                .toList();
        assertThat(pages).isNotEmpty();
        assertThat(pages.stream().flatMap(LinksTest::broken))
                .as("links to nowhere")
                .isEmpty();
    }

    private static Stream<String> broken(Path page) {
        return LINK.matcher(Repository.read(page))
                .results()
                .map(link -> link.group(1))
                .filter(link -> !link.contains(":"))
                .filter(link -> !Files.exists(page.resolveSibling(link)))
                .map(link -> Repository.name(page) + " -> " + link);
    }
}
