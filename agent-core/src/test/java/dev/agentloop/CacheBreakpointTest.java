package dev.agentloop;

import static dev.agentloop.Script.message;
import static dev.agentloop.Script.says;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.internal.prompt.ItemLine;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CacheBreakpointTest extends LoopFixture {
    private static final String MARK = ",\"prompt_cache_breakpoint\":{\"mode\":\"explicit\"}}";

    private final List<Prompt> prompts = new ArrayList<>();

    @TempDir
    Path folder;

    private static Item item(String json) {
        return Item.of(json.getBytes(UTF_8));
    }

    private static Item marked(String text) {
        return Item.user(text).withCacheBreakpoint();
    }

    private Model model(PromptSettings.Builder settings) {
        PromptSettings built = settings.build();
        return new Model() {
            @Override
            public PromptSettings settings() {
                return built;
            }

            @Override
            public ModelResponse respond(Prompt prompt, Listener listener) {
                prompts.add(prompt);
                return ModelResponse.of(List.of(message("ok")), Usage.NONE);
            }
        };
    }

    private static PromptSettings.Builder newer() {
        return PromptSettings.of("m").cacheOptions(true).cacheBreakpoints(true);
    }

    private List<String> marks(int request) {
        return prompts.get(request).items().stream()
                .filter(item -> ItemLine.breakpoints(item) > 0)
                .map(item -> ((Item.Message) item).text())
                .toList();
    }

    @Test
    void withCacheBreakpoint_marksTheLastPart() {
        assertThat(marked("a").json())
                .isEqualTo(
                        "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"a\""
                                + MARK + "]}");
        assertThat(Item.user("a", List.of("data:image/png;base64,AA=="))
                        .withCacheBreakpoint()
                        .json())
                .isEqualTo(
                        "{\"type\":\"message\",\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"a\"},"
                                + "{\"type\":\"input_image\",\"image_url\":\"data:image/png;base64,AA==\",\"detail\":\"auto\""
                                + MARK + "]}");
        assertThat(item("{\"role\":\"developer\", \"content\": [ {\"file_id\":\"f\",\"type\":\"input_file\" } ,"
                                + " {\"type\":\"input_audio\"} ], \"n\":1}")
                        .withCacheBreakpoint()
                        .json())
                .isEqualTo("{\"role\":\"developer\", \"content\": [ {\"file_id\":\"f\",\"type\":\"input_file\" " + MARK
                        + " , {\"type\":\"input_audio\"} ], \"n\":1}");
        assertThat(marked("a").withCacheBreakpoint()).isEqualTo(marked("a"));
        assertThat(((Item.Message) marked("a")).text()).isEqualTo("a");
    }

    @Test
    void withCacheBreakpoint_ofWhatCannotHaveOne_isRefused() {
        assertThatThrownBy(() -> Item.functionCall("c", "n", "{}").withCacheBreakpoint())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("a cache breakpoint is set in a message that the host wrote, not in an item of type"
                        + " function_call");
        assertThatThrownBy(() -> message("a").withCacheBreakpoint())
                .hasMessage("a cache breakpoint is set in a message that the host wrote, not in one of the model's");
        for (String content : List.of("\"a\"", "[]", "[{\"type\":\"input_audio\"}]", "[7]")) {
            Item bare = item("{\"role\":\"user\",\"content\":" + content + "}");
            assertThatThrownBy(bare::withCacheBreakpoint)
                    .hasMessage(
                            "a cache breakpoint is set on a part with text, an image or a file, and this message has"
                                    + " none; write it with Item.user, Item.developer or Item.message");
        }
    }

    @Test
    void without_takesTheMarksAway_andNothingElse() {
        Item two = item("{\"role\":\"user\",\"content\":[{\"prompt_cache_breakpoint\":{\"mode\":\"explicit\"},"
                + "\"type\":\"input_text\",\"text\":\"\\u0061 \\\"prompt_cache_breakpoint\\\"\"},{\"type\":\"input_text\","
                + "\"text\":\"b\"" + MARK + "]}");
        assertThat(ItemLine.breakpoints(two)).isEqualTo(2);
        assertThat(ItemLine.withoutBreakpoints(two).json())
                .isEqualTo("{\"role\":\"user\",\"content\":[{\"type\":\"input_text\",\"text\":\"\\u0061"
                        + " \\\"prompt_cache_breakpoint\\\"\"},{\"type\":\"input_text\",\"text\":\"b\"}]}");
        assertThat(ItemLine.withoutBreakpoints(marked("a"))).isEqualTo(Item.user("a"));
        Item says = Item.user("say \"prompt_cache_breakpoint\"");
        assertThat(ItemLine.breakpoints(says)).isZero();
        assertThat(ItemLine.withoutBreakpoints(says)).isSameAs(says);
    }

    @Test
    void newConversation_isMarkedBehindItsContext_once() throws Exception {
        Files.writeString(folder.resolve("AGENTS.md"), "Use tabs.");
        try (AgentLoop agent = agent(model(newer())).workspace(folder).build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("a");
            conversation.run("b");
            agent.newConversation().run("c");
            agent.fork(conversation.id(), conversation.version()).run("d");
        }
        assertThat(prompts.get(0).size()).isEqualTo(4);
        assertThat(prompts.get(0).item(2).json())
                .contains("<environment_context>")
                .endsWith("\"" + MARK + "]}");
        assertThat(prompts.get(1).size()).isEqualTo(6);
        for (int i = 0; i < prompts.size(); i++) {
            assertThat(marks(i)).hasSize(1);
        }
        assertThat(prompts.get(2).items().subList(0, 3))
                .isEqualTo(prompts.get(0).items().subList(0, 3));
        assertThat(prompts.get(3).startsWith(prompts.get(1))).isTrue();
    }

    @Test
    void newConversation_ofInstructionsAlone_isMarkedBehindThem() {
        try (AgentLoop agent = agent(model(newer().instructionsInInput(true)))
                .instructions("Be careful.")
                .build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("a");
            conversation.run("b");
        }
        assertThat(marks(1)).containsExactly("Be careful.");
        assertThat(prompts.get(1).size()).isEqualTo(4);
    }

    @Test
    void modelWithoutBreakpoints_isSentNone() {
        try (AgentLoop agent =
                agent(model(PromptSettings.of("m"))).workspace(folder).build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("a");
            assertThat(marks(0)).isEmpty();
            long version = conversation.version();
            assertThatThrownBy(() -> conversation.run(List.of(marked("b")), RunOptions.DEFAULT))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "the model m takes no cache breakpoints, and there is 1; append the items without them, or"
                                    + " say cacheBreakpoints(true) if it does");
            assertThatThrownBy(() -> conversation.append(List.of(marked("b"), marked("c"))))
                    .hasMessageStartingWith("the model m takes no cache breakpoints, and there are 2;");
            assertThat(store.head(conversation.id()).orElseThrow().version()).isEqualTo(version);
        }
    }

    @Test
    void tooManyBreakpoints_areRefusedBeforeAnythingIsAppended() {
        try (AgentLoop agent = agent(model(newer())).workspace(folder).build()) {
            Conversation conversation = agent.newConversation();
            assertThatThrownBy(
                            () -> conversation.run(List.of(marked("a"), marked("b"), marked("c")), RunOptions.DEFAULT))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(
                            "the next request would have 4 new cache breakpoints, 1 of them from before, but the API"
                                    + " writes at most 3 besides its own; mark fewer items");
            assertThat(store.head(conversation.id())).isEmpty();
            conversation.append(List.of(marked("a")));
            conversation.append(List.of(marked("b")));
            long version = conversation.version();
            assertThatThrownBy(() -> conversation.append(List.of(marked("c"))))
                    .hasMessageStartingWith(
                            "the next request would have 4 new cache breakpoints, 3 of them from before,");
            assertThat(store.head(conversation.id()).orElseThrow().version()).isEqualTo(version);
            conversation.run("d");
            conversation.run(List.of(marked("e"), marked("f"), marked("g")), RunOptions.DEFAULT);
            assertThat(marks(1)).hasSize(6).endsWith("a", "b", "e", "f", "g");
        }
    }

    @Test
    void explicitMode_leavesRoomForFour() {
        try (AgentLoop agent = agent(model(newer().cacheMode("explicit"))).build()) {
            Conversation conversation = agent.newConversation();
            List<Item> four = List.of(marked("a"), marked("b"), marked("c"), marked("d"));
            conversation.run(four, RunOptions.DEFAULT);
            List<Item> five = new ArrayList<>(four);
            five.add(marked("e"));
            assertThatThrownBy(() -> conversation.run(five, RunOptions.DEFAULT))
                    .hasMessage(
                            "the next request would have 5 new cache breakpoints, 0 of them from before, but the API"
                                    + " writes at most 4; mark fewer items");
        }
        assertThat(marks(0)).containsExactly("a", "b", "c", "d");
    }

    @Test
    void anotherModelWithoutBreakpoints_isSentTheItemsWithoutThem() {
        String id;
        try (AgentLoop agent = agent(model(newer())).workspace(folder).build()) {
            Conversation conversation = agent.newConversation();
            conversation.run(List.of(marked("a")), RunOptions.DEFAULT);
            id = conversation.id();
        }
        try (AgentLoop agent =
                agent(model(PromptSettings.of("older"))).workspace(folder).build()) {
            agent.resume(id).run("b");
        }
        assertThat(marks(0)).hasSize(2);
        assertThat(marks(1)).isEmpty();
        assertThat(ChunkedPromptTest.wire(prompts.get(1))).doesNotContain("prompt_cache_breakpoint");
        assertThat(prompts.get(1).items().stream()
                        .filter(item -> item instanceof Item.Message message
                                && message.role().equals("user"))
                        .map(item -> ((Item.Message) item).text())
                        .filter(text -> text.startsWith("<environment_context>")))
                .hasSize(1);
    }

    @Test
    void compaction_thatKeepsTheContext_doesNotRepeatIt() {
        try (AgentLoop agent = agent(model(newer().contextWindow(200)))
                .workspace(folder)
                .compactor(new Shortening(() -> prompts.size() == 3))
                .build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("a");
            conversation.run("b");
            conversation.run("c");
            conversation.run("d");
        }
        assertThat(prompts.get(3).items().stream().filter(item -> item.json().contains("<environment_context>")))
                .hasSize(1);
        assertThat(marks(3)).hasSize(1);
    }

    @Test
    void compaction_keepsTheMarksOfWhatItKeeps_andNoOthers() throws InterruptedException {
        Item newest = marked("newest");
        String id;
        try (AgentLoop agent = agent(model(newer()))
                .workspace(folder)
                .compactor(new Shortening(() -> true))
                .build()) {
            Conversation conversation = agent.newConversation();
            conversation.run(List.of(marked("old " + "and long ".repeat(300))), RunOptions.DEFAULT);
            conversation.run(List.of(newest), RunOptions.DEFAULT);
            assertThat(marks(1)).hasSize(3);
            assertThat(conversation.compact(RunOptions.DEFAULT)).isPresent();
            conversation.run("go on");
            id = conversation.id();
        }
        assertThat(prompts.get(2).items()).as("byte for byte").contains(newest);
        assertThat(marks(2)).hasSize(2).last().isEqualTo("newest");
        assertThat(marks(2).get(0)).startsWith("<environment_context>");
        try (AgentLoop agent = agent(model(newer())).workspace(folder).build()) {
            agent.resume(id).undoCompaction();
            agent.resume(id).run("and on");
        }
        assertThat(marks(3)).as("and again as they were").isEqualTo(marks(1));
    }

    @Test
    void compaction_forAModelWithoutBreakpoints_putsNoneBack() throws InterruptedException {
        String id;
        try (AgentLoop agent = agent(model(newer())).workspace(folder).build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("long ".repeat(300));
            conversation.run("b");
            id = conversation.id();
        }
        try (AgentLoop agent = agent(model(PromptSettings.of("older")))
                .workspace(folder)
                .compactor(new Shortening(() -> true))
                .build()) {
            Conversation conversation = agent.resume(id);
            conversation.run("c");
            assertThat(conversation.compact(RunOptions.DEFAULT)).isPresent();
            conversation.run("d");
        }
        assertThat(marks(3)).isEmpty();
        assertThat(prompts.get(3).items()).anyMatch(item -> item.json().contains("<environment_context>"));
    }
}
