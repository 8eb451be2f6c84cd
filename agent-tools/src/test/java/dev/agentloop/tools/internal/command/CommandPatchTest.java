package dev.agentloop.tools.internal.command;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CommandPatchTest {
    private static final String PATCH = "*** Begin Patch\n*** Delete File: $a `b`\n*** End Patch\n";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "apply_patch <<'EOF'\n%sEOF",
                "apply_patch <<'EOF'\n%sEOF\n",
                "  apply_patch <<EOF\n%sEOF\n\n  ",
                "apply_patch << \"EOF\"\n%sEOF",
                "apply_patch<<'PATCH_1'\n%sPATCH_1",
                "applypatch <<-EOF\n%s\tEOF",
                "apply_patch '%s'",
                "\napply_patch '%s'\n"
            })
    void in_aCallOfThePatchProgram_findsThePatch(String command) {
        assertThat(CommandPatch.in(command.replace("%s", PATCH))).contains(new CommandPatch("", PATCH));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "cd 'a b' && apply_patch <<'EOF'\n%sEOF",
                "cd a\\ b && apply_patch '%s'",
                "cd \"a b\" &&\napply_patch <<EOF\n%sEOF\n"
            })
    void in_aCallBehindCd_findsTheDirectory(String command) {
        assertThat(CommandPatch.in(command.replace("%s", PATCH))).contains(new CommandPatch("a b", PATCH));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "ls",
                "apply_patch",
                "apply_patch a b",
                "apply_patch \"$PATCH\"",
                "apply_patch < patch",
                "apply_patch <<'EOF'",
                "apply_patch <<'EOF'\n%s",
                "apply_patch <<'EOF'\n%sEOF\nrm -rf x",
                "apply_patch <<'EOF' && ls\n%sEOF",
                "apply_patch <<'E F'\n%sE F",
                "apply_patch <<<EOF\n%sEOF",
                "apply_patch -v <<EOF\n%sEOF",
                "ls && apply_patch <<EOF\n%sEOF",
                "cd a; apply_patch <<EOF\n%sEOF",
                "cd $a && apply_patch <<EOF\n%sEOF",
                "cd a b && apply_patch <<EOF\n%sEOF",
                "cd a && cd b && apply_patch <<EOF\n%sEOF",
                "apply_patch <<EOF | cat\n%sEOF",
                "echo apply_patch <<EOF\n%sEOF",
                "cat <<EOF\napply_patch\nEOF"
            })
    void in_anyOtherCommand_findsNone(String command) {
        assertThat(CommandPatch.in(command.replace("%s", PATCH))).isEmpty();
    }

    @Test
    void in_aDocumentThatHoldsItsDelimiterEarlier_findsNone() {
        assertThat(CommandPatch.in("apply_patch <<EOF\nEOF\n" + PATCH + "EOF")).isEmpty();
    }

    @Test
    void isBare_ofAPatch_isTrue() {
        assertThat(CommandPatch.isBare("\n  " + PATCH)).isTrue();
        assertThat(CommandPatch.isBare("echo '" + PATCH + "'")).isFalse();
    }
}
