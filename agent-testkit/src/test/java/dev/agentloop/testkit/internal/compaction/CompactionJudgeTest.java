package dev.agentloop.testkit.internal.compaction;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.Item;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CompactionJudgeTest {
    private static final CompactionJudge.Known NOTHING =
            new CompactionJudge.Known(List.of(), List.of(), List.of(), Set.of());

    /** 505 bytes, and five times 26 tokens. */
    private static final List<Item> BEFORE = Collections.nCopies(5, ofBytes(101));

    private static Item ofBytes(int bytes) {
        return Item.user("w".repeat(bytes - Item.user("").bytes().remaining()));
    }

    private static Map<CompactionInvariant, String> judged(List<Item> after) {
        return CompactionJudge.prompt(true, NOTHING, BEFORE, after);
    }

    @Test
    void size_ofFewerItemsWithMoreBytes_isCountedInTokens() {
        assertThat(judged(List.of(ofBytes(508)))).doesNotContainKey(CompactionInvariant.SMALLER);
    }

    @Test
    void size_ofAsManyTokens_isNotSmaller() {
        assertThat(judged(List.of(ofBytes(520))))
                .containsEntry(CompactionInvariant.SMALLER, "about 130 tokens instead of 130");
    }

    @Test
    void size_ofAnImage_isNotItsBytes() {
        Item small = image("data:image/png;base64,AAAA");
        Item large = image("data:image/png;base64,AAAAAA");
        assertThat(CompactionJudge.prompt(true, NOTHING, List.of(large), List.of(small)))
                .containsKey(CompactionInvariant.SMALLER);
        assertThat(CompactionJudge.prompt(true, NOTHING, List.of(large, small), List.of(large)))
                .doesNotContainKey(CompactionInvariant.SMALLER);
    }

    private static Item image(String url) {
        return Item.user("what is it?", List.of(url));
    }
}
