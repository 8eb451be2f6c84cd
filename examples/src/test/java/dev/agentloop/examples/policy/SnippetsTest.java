package dev.agentloop.examples.policy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Java in a document is the text of a region in a source file, so it compiles and is tested. A region lies between
 * {@code // tag::name[]} and {@code // end::name[]}; the code block that shows it follows the line
 * {@code <!-- snippet: path/of/File.java#name -->}.
 */
class SnippetsTest {
    private static final Pattern BLOCK = Pattern.compile("(?ms)^```java *\\R(.*?)^```");
    private static final Pattern REFERENCE = Pattern.compile("<!-- snippet: (\\S+)#(\\S+) -->\\s*$");
    private static final Pattern MARK = Pattern.compile("(?m)^\\s*// (?:tag|end)::\\S+\\[]\\R");

    @Test
    void javaInDocuments_isTheTextOfARegion() {
        assertThat(documents().flatMap(document -> differences(document).stream()))
                .as("Java code blocks that differ from their region, or name none")
                .isEmpty();
    }

    private static Stream<Path> documents() {
        return Repository.files().stream().filter(file -> file.toString().endsWith(".md"));
    }

    private static List<String> differences(Path document) {
        String text = Repository.read(document);
        return BLOCK.matcher(text)
                .results()
                .map(block -> difference(text.substring(0, block.start()), block.group(1)))
                .filter(difference -> !difference.isEmpty())
                .map(difference -> Repository.name(document) + ": " + difference)
                .toList();
    }

    private static String difference(String before, String block) {
        Matcher reference = REFERENCE.matcher(before);
        if (!reference.find()) {
            return "no <!-- snippet: path#name --> above\n" + block;
        }
        Path file = Repository.root().resolve(reference.group(1));
        String region = Files.exists(file) ? region(Repository.read(file), reference.group(2)) : "";
        if (region.isEmpty()) {
            return "no region " + reference.group(2) + " in " + reference.group(1);
        }
        return region.equals(plain(block))
                ? ""
                : reference.group(1) + "#" + reference.group(2) + " is\n" + region + "\nbut shown is\n" + block;
    }

    private static String region(String source, String name) {
        String quoted = Pattern.quote(name) + "\\[]";
        Matcher region = Pattern.compile("(?ms)^\\s*// tag::" + quoted + "\\R(.*?)^\\s*// end::" + quoted)
                .matcher(source);
        return region.find() ? plain(MARK.matcher(region.group(1)).replaceAll("")) : "";
    }

    /** Without the indentation that all lines share; a last line break would count as a line with none. */
    private static String plain(String code) {
        return code.stripTrailing().stripIndent();
    }
}
