package dev.agentloop.tools.internal.files;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IgnoreRulesTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            ignoreLeadingAndTrailingWhitespace = true,
            value = {
                // pattern | path | directory | ignored
                "*.log        | a.log        | false | true",
                "*.log        | x/y/a.log    | false | true",
                "*.log        | a.log.txt    | false | false",
                "/a           | a            | false | true",
                "/a           | x/a          | false | false",
                "build/       | build        | true  | true",
                "build/       | x/build      | true  | true",
                "build/       | build        | false | false",
                "doc/*.txt    | doc/a.txt    | false | true",
                "doc/*.txt    | doc/x/a.txt  | false | false",
                "doc/*.txt    | x/doc/a.txt  | false | false",
                "**/foo       | foo          | false | true",
                "**/foo       | a/b/foo      | false | true",
                "**/foo/bar   | a/foo/bar    | false | true",
                "**/foo/bar   | a/foo/x/bar  | false | false",
                "abc/**       | abc          | true  | false",
                "abc/**       | abc/x/y      | false | true",
                "a/**/b       | a/b          | false | true",
                "a/**/b       | a/x/y/b      | false | true",
                "a/**/b       | a/xb         | false | false",
                "a**b         | axxb         | false | true",
                "x/a**b       | x/a/b        | false | false",
                "?.c          | x.c          | false | true",
                "?.c          | xy.c         | false | false",
                "[a-c].c      | b.c          | false | true",
                "[!a-c].c     | b.c          | false | false",
                "[^a-c].c     | d.c          | false | true",
                "[]-].c       | ].c          | false | true",
                "[[:digit:]]  | 7            | false | true",
                "[[:nope:]]   | n            | false | false",
                "[abc         | a            | false | false",
                "\\#x         | #x           | false | true",
                "\\!x         | !x           | false | true",
                "#x           | #x           | false | false",
                "a\\          | a            | false | false",
                "\\*          | *            | false | true",
                "\\*          | x            | false | false",
            })
    void ignores_onePattern_asGitHasIt(String pattern, String path, boolean directory, boolean ignored) {
        assertThat(IgnoreRules.NONE.plus("", pattern).ignores(path, directory)).isEqualTo(ignored);
    }

    @Test
    void ignores_severalPatterns_theLastOneDecides() {
        IgnoreRules rules = IgnoreRules.NONE.plus("", "*.txt\n!keep.txt\n/sub/keep.txt\n");

        assertThat(rules.ignores("a.txt", false)).isTrue();
        assertThat(rules.ignores("keep.txt", false)).isFalse();
        assertThat(rules.ignores("sub/keep.txt", false)).isTrue();
    }

    @Test
    void ignores_deeperFile_overridesAHigherOneInItsFolder() {
        IgnoreRules rules = IgnoreRules.NONE.plus("", "*.txt").plus("sub/", "!a.txt\n/b");

        assertThat(rules.ignores("sub/a.txt", false)).isFalse();
        assertThat(rules.ignores("sub/x/a.txt", false)).isFalse();
        assertThat(rules.ignores("sub/c.txt", false)).isTrue();
        assertThat(rules.ignores("sub/b", false)).isTrue();
        assertThat(rules.ignores("sub/x/b", false)).isFalse();
        assertThat(rules.ignores("a.txt", false)).isTrue();
    }

    @Test
    void plus_blankSpaceMarksAndLineEnds_areReadAsGitDoes() {
        IgnoreRules rules = IgnoreRules.NONE.plus("", "\uFEFFa.txt  \r\n\n   \nb\\ \r\n# c\nd");

        assertThat(rules.ignores("a.txt", false)).isTrue();
        assertThat(rules.ignores("b ", false)).isTrue();
        assertThat(rules.ignores("b", false)).isFalse();
        assertThat(rules.ignores("# c", false)).isFalse();
        assertThat(rules.ignores("d", false)).isTrue();
        assertThat(rules.ignores("", false)).isFalse();
    }

    @Test
    void matches_manyStars_takesNoTime() {
        Glob glob = Glob.of("*a".repeat(60) + "b", 0);

        assertThat(glob.matches("a".repeat(5000))).isFalse();
        assertThat(glob.matches("a".repeat(60) + "b")).isTrue();
    }
}
