package dev.agentloop.stores;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.AgentLoop;
import dev.agentloop.Item;
import dev.agentloop.Model;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.Tool;
import dev.agentloop.ToolCall;
import dev.agentloop.ToolContext;
import dev.agentloop.ToolOutput;
import dev.agentloop.Usage;
import dev.agentloop.spi.ConversationStore;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run does to the disk before it asks the model, and before it starts a tool. */
class DiskBeforeEffectTest {
    private final List<String> story = Collections.synchronizedList(new ArrayList<>());

    @TempDir
    Path folder;

    /** The disk, which tells what is written to the log and when it is forced. */
    private final class TellingDisk implements FileAccess {
        private final FileAccess disk = FileAccess.local();

        @Override
        public Handle read(Path file) throws IOException {
            return disk.read(file);
        }

        @Override
        public Handle write(Path file) throws IOException {
            return new TellingHandle(disk.write(file));
        }

        @Override
        public Handle create(Path file) throws IOException {
            return new TellingHandle(disk.create(file));
        }

        @Override
        public void forceName(Path file) throws IOException {
            disk.forceName(file);
        }

        private final class TellingHandle implements Handle {
            private final Handle handle;

            TellingHandle(Handle handle) {
                this.handle = handle;
            }

            @Override
            public int read(long position, byte[] target, int offset, int count) throws IOException {
                return handle.read(position, target, offset, count);
            }

            @Override
            public void write(long position, byte[] bytes) throws IOException {
                handle.write(position, bytes);
                new String(bytes, UTF_8)
                        .lines()
                        .forEach(line -> story.add("write " + line.replaceAll(".*?\"kind\":\"([^\"]*)\".*", "$1")));
            }

            @Override
            public void force() throws IOException {
                handle.force();
                story.add("force");
            }

            @Override
            public void truncate(long length) throws IOException {
                handle.truncate(length);
            }

            @Override
            public long length() throws IOException {
                return handle.length();
            }

            @Override
            public void close() throws IOException {
                handle.close();
            }
        }
    }

    /** Calls a tool, and is done when it has the output. */
    private final class TellingModel implements Model {
        @Override
        public PromptSettings settings() {
            return PromptSettings.of("scripted").build();
        }

        @Override
        public ModelResponse respond(Prompt prompt, Listener listener) {
            story.add("MODEL");
            String answer = "{\"type\":\"message\",\"role\":\"assistant\",\"content\":\"done\"}";
            Item item = prompt.size() == 1
                    ? Item.functionCall("1", "tool", "{}")
                    : Item.received(answer.getBytes(UTF_8)).orElseThrow();
            return ModelResponse.of(List.of(item), Usage.NONE);
        }
    }

    private final class TellingTool implements Tool {
        @Override
        public Specification specification() {
            return Specification.function("tool", "tells when it runs", "{\"type\":\"object\"}");
        }

        @Override
        public ToolOutput call(ToolCall call, ToolContext context) {
            story.add("TOOL");
            return ToolOutput.text("ok");
        }
    }

    @Test
    void callAndItsStart_areForced_beforeTheToolStarts() {
        try (ConversationStore store = new FileStore(folder, new TellingDisk());
                AgentLoop agent = AgentLoop.builder()
                        .model(new TellingModel())
                        .tools(new TellingTool())
                        .store(store)
                        .build()) {
            assertThat(agent.newConversation().run("go").text()).isEqualTo("done");
        }
        assertBefore("write item.user", "MODEL");
        assertBefore("write item.model", "TOOL");
        assertBefore("write tool.started", "TOOL");
        assertThat(story.subList(story.indexOf("write item.output"), story.lastIndexOf("MODEL")))
                .contains("force");
    }

    private void assertBefore(String write, String effect) {
        assertThat(story).contains(write, effect);
        assertThat(story.subList(story.indexOf(write), story.indexOf(effect)))
                .as("%s", story)
                .contains("force");
    }
}
