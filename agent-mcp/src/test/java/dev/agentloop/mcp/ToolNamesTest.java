package dev.agentloop.mcp;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ToolNamesTest {

    @Test
    void name_charactersThatAreNotAllowed_becomeUnderscores() {
        assertThat(new ToolNames(List.of("my server")).of("my server", List.of("read/file.now", "ok-1")))
                .isEqualTo(Map.of(
                        "read/file.now", "mcp__my_server__read_file_now",
                        "ok-1", "mcp__my_server__ok-1"));
    }

    @Test
    void name_longerThan64_isCutAndHashed() {
        String longest = "t".repeat(64 - "mcp__s__".length());
        Map<String, String> names = new ToolNames(List.of("s")).of("s", List.of(longest, longest + "t"));
        assertThat(names.get(longest)).isEqualTo("mcp__s__" + longest).hasSize(64);
        assertThat(names.get(longest + "t"))
                .matches("mcp__s__t{43}_[0-9a-f]{12}")
                .hasSize(64);
    }

    @Test
    void name_longAndAlike_differ() {
        String head = "t".repeat(80);
        assertThat(new ToolNames(List.of("s"))
                        .of("s", List.of(head + "1", head + "2"))
                        .values())
                .doesNotHaveDuplicates()
                .allMatch(name -> name.length() == 64);
    }

    @Test
    void name_thatTwoToolsWouldHave_isNeither() {
        Map<String, String> names = new ToolNames(List.of("s")).of("s", List.of("a.b", "a b"));
        assertThat(names.values()).doesNotHaveDuplicates().allMatch(name -> name.matches("mcp__s__a_b_[0-9a-f]{12}"));
    }

    @Test
    void name_serversThatLookAlike_doNotShareOne() {
        ToolNames names = new ToolNames(List.of("a.b", "a b"));
        String one = names.of("a.b", List.of("x")).get("x");
        String other = names.of("a b", List.of("x")).get("x");
        assertThat(one).matches("mcp__a_b__x_[0-9a-f]{12}").isNotEqualTo(other);
    }

    @Test
    void name_serverWhoseNameBeginsLikeAnothersTool_isNotTaken() {
        ToolNames names = new ToolNames(List.of("a", "a__b"));
        String one = names.of("a", List.of("b__c")).get("b__c");
        String other = names.of("a__b", List.of("c")).get("c");
        assertThat(one).startsWith("mcp__a__b__c_").isNotEqualTo(other);
        assertThat(names.of("a", List.of("c")).get("c")).isEqualTo("mcp__a__c");
    }

    /** A conversation that was begun while a server was down must not find another server's tool by its name. */
    @Test
    void name_whicheverOtherServersAreUp_isTheSame() {
        ToolNames names = new ToolNames(List.of("a.b", "a b"));
        Map<String, String> alone = names.of("a b", List.of("x"));
        names.of("a.b", List.of("x", "y"));
        assertThat(names.of("a b", List.of("x"))).isEqualTo(alone);
    }
}
