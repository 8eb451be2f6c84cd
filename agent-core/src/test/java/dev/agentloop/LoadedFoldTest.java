package dev.agentloop;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import dev.agentloop.internal.Json;
import dev.agentloop.internal.control.HostStore;
import dev.agentloop.internal.log.Fold;
import dev.agentloop.internal.log.Log;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.stores.MemoryStore;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.TimeZone;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** A log that is read from its newest restatement folds to what the whole log folds to, and so does its beginning. */
class LoadedFoldTest {
    private static final int RUNS = Integer.getInteger("loaded.runs", 800);
    private static final int FOLDED_EACH = 7;

    private static final String SECRET = "a secret that is not needed any more ";

    private final Locale locale = Locale.getDefault();
    private final TimeZone zone = TimeZone.getDefault();
    private final Logger logger = (Logger) LoggerFactory.getLogger("dev.agentloop");

    @BeforeEach
    void logFailuresOnly() {
        logger.setLevel(Level.ERROR);
    }

    @AfterEach
    void restore() {
        logger.setLevel(null);
        Locale.setDefault(locale);
        TimeZone.setDefault(zone);
    }

    @Test
    void aLogReadFromItsBase_foldsToWhatTheWholeLogDoes() {
        long seed = Long.getLong("loaded.seed", System.nanoTime());
        int shortened = 0;
        for (int run = 0; run < RUNS; run++) {
            RandomHost host = new RandomHost(new Random(seed + run));
            host.converse();
            for (RandomHost.Line line : host.lines()) {
                shortened +=
                        check(host.store(), line.conversation(), "-Dloaded.seed=" + (seed + run) + " -Dloaded.runs=1");
            }
        }
        assertThat(RUNS < 100 || shortened > RUNS / 10)
                .as("%d of %d logs restate the prompt", shortened, RUNS)
                .isTrue();
    }

    private static int check(ConversationStore store, String id, String about) {
        List<LogEntry> loaded = store.load(id);
        long last = loaded.get(loaded.size() - 1).version();
        assertThat(loaded)
                .filteredOn(entry -> entry.kind().startsWith(LogEntry.ASIDE))
                .allMatch(entry -> entry.payload() == null);
        Fold whole = new Fold();
        store.stream(id, 0).forEach(entry -> {
            whole.apply(entry);
            if (entry.version() % FOLDED_EACH == 0) {
                checkSame(Log.foldOf(new HostStore(store), id, entry.version()), whole, entry.version() + ", " + about);
            }
        });
        checkSame(Log.foldOf(new HostStore(store), id, last), whole, last + ", " + about);
        checkSame(Log.load(new HostStore(store), id).fold(), whole, "loaded, " + about);
        return loaded.get(0).version() > 1 ? 1 : 0;
    }

    private static void checkSame(Fold fromBase, Fold whole, String about) {
        assertThat(fromBase.hasPrompt()).as("prompt, %s", about).isEqualTo(whole.hasPrompt());
        if (!whole.hasPrompt()) {
            return;
        }
        assertThat(state(fromBase)).as("state, %s", about).isEqualTo(state(whole));
        assertThat(fromBase.prompt().items())
                .as("items, %s", about)
                .isEqualTo(whole.prompt().items());
        assertThat(bytes(fromBase)).as("bytes, %s", about).isEqualTo(bytes(whole));
        assertThat(fromBase.prompt().ending())
                .as("ending, %s", about)
                .isEqualTo(whole.prompt().ending());
    }

    private static long bytes(Fold fold) {
        return fold.prompt().hash(fold.prompt().size());
    }

    private static String state(Fold fold) {
        return new String(Json.object(fold::write), UTF_8) + " turn "
                + fold.turn().underWay() + " base " + fold.base();
    }

    @Test
    void load_whereTheLogWasCompacted_doesNotReadWhatCameBefore() {
        ConversationStore store = new MemoryStore();
        try (AgentLoop agent = agent(store)) {
            Conversation conversation = agent.newConversation();
            conversation.run(SECRET.repeat(50));
            conversation.run("what follows");
            conversation.pin("fact", Item.user("a fact"));
            compact(conversation);
            List<LogEntry> loaded = store.load(conversation.id());
            assertThat(loaded).hasSize(2);
            assertThat(loaded.get(1).base()).isEqualTo(loaded.get(1).version());
            assertThat(agent.resume(conversation.id()).prompt().items())
                    .isEqualTo(conversation.prompt().items());
        }
    }

    @Test
    void load_ofALogThatWasErasedBeforeItsBase_goesOn() {
        ConversationStore store = new MemoryStore();
        try (AgentLoop agent = agent(store)) {
            Conversation conversation = agent.newConversation();
            conversation.run(SECRET.repeat(50));
            conversation.run("what follows");
            compact(conversation);
            List<Long> secret = store.read(conversation.id(), 0, 100).stream()
                    .filter(entry -> new String(entry.content(), UTF_8).contains(SECRET))
                    .map(LogEntry::version)
                    .toList();
            assertThat(secret).hasSize(1);
            store.erase(
                    conversation.id(),
                    Map.of(secret.get(0), Item.user("gone").json().getBytes(UTF_8)));
            assertThat(agent.resume(conversation.id()).run("go on").text()).isEqualTo("done");
            assertThat(agent.resume(conversation.id()).promptAt(secret.get(0)).items())
                    .last()
                    .isEqualTo(Item.user("gone"));
        }
    }

    private static AgentLoop agent(ConversationStore store) {
        return AgentLoop.builder()
                .model(new Script(Script.says("done"), Script.says("done"), Script.says("done")))
                .compactor(new Shortening(() -> true))
                .store(store)
                .build();
    }

    private static void compact(Conversation conversation) {
        try {
            assertThat(conversation.compact(RunOptions.DEFAULT)).isPresent();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
