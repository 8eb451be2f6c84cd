package dev.agentloop.testkit.oldlogs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.AgentLoop;
import dev.agentloop.Approver;
import dev.agentloop.Conversation;
import dev.agentloop.Prompt;
import dev.agentloop.spi.ConversationStore;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.StoreException;
import dev.agentloop.stores.FileStore;
import dev.agentloop.testkit.ScriptedModel;
import dev.agentloop.testkit.ScriptedResponse;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What older versions wrote is read, folded to the very bytes that they would have sent, forked, and gone on with. */
class OldLogsTest {
    private static final Pattern ROW = Pattern.compile("^\\| (`[^|]*`) \\|", Pattern.MULTILINE);
    private static final Pattern NAME = Pattern.compile("`([a-zA-Z.]+)`");
    private static final Pattern CONSTANT = Pattern.compile("static final String [A-Z_]+ = ([^;]*);");
    /** Constants beside the kinds: fields of an epoch, a reason of one, and who compacted. */
    private static final Set<String> NO_KINDS = Set.of("state", "roles", "compaction_undone", "server");

    @TempDir
    Path folder;

    static List<OldLog> logs() throws IOException {
        return OldLog.all(OldLogs.HOME);
    }

    private static ScriptedModel model() {
        return ScriptedModel.builder()
                .settings(OldLogs.SETTINGS)
                .otherwise(prompt -> ScriptedResponse.says("Gone on."))
                .build();
    }

    @ParameterizedTest
    @MethodSource("logs")
    void prompt_isByteForByteTheRecordedBody(OldLog log) throws IOException {
        try (ConversationStore store = new FileStore(log.copyTo(folder.resolve("store")));
                AgentLoop agent = OldLogs.agent(store, model()).build()) {
            assertThat(OldLog.body(agent.resume(log.conversation()).prompt())).isEqualTo(log.recordedBody());
        }
    }

    @ParameterizedTest
    @MethodSource("logs")
    void promptAndFork_atEachVersion_haveTheRecordedBody(OldLog log) throws IOException {
        try (ConversationStore store = new FileStore(log.copyTo(folder.resolve("store")));
                AgentLoop agent = OldLogs.agent(store, model()).build()) {
            List<String> recorded = log.recordedDigests();
            List<String> found = log.digests(agent, store);
            assertThat(found).hasSameSizeAs(recorded).noneMatch(line -> line.contains("ERASED"));
            // What could not be read when the set was written has marks in it now.
            for (int i = 0; i < recorded.size(); i++) {
                String[] was = readFromTheBase(recorded.get(i)).split(" ");
                String[] is = found.get(i).split(" ");
                for (int part = 0; part < was.length; part++) {
                    if (!was[part].equals("ERASED")) {
                        assertThat(is[part]).as(recorded.get(i)).isEqualTo(was[part]);
                    } else {
                        assertThat(is[part]).as(found.get(i)).isNotEqualTo("none");
                    }
                }
            }
        }
    }

    // When these were recorded, the prompt at a version was read from the first entry on, and so could not be read
    // where one was erased; a fork was read from the newest entry that restates the prompt, as both are now.
    private static String readFromTheBase(String recorded) {
        return recorded.replaceFirst("^(\\d+) ERASED ([0-9a-f]+)$", "$1 $2 $2");
    }

    @ParameterizedTest
    @MethodSource("logs")
    void run_goesOnFromTheLog_andSendsWhatWasSentBefore(OldLog log) throws IOException {
        ScriptedModel model = model();
        try (ConversationStore store = new FileStore(log.copyTo(folder.resolve("store")));
                AgentLoop agent = OldLogs.agent(store, model)
                        .approver(question -> Approver.Answer.approve())
                        .build()) {
            List<LogEntry> before = store.stream(log.conversation(), 0).toList();
            Conversation conversation = agent.resume(log.conversation());
            Prompt prompt = conversation.prompt();
            if (before.get(before.size() - 1).kind().equals(LogEntry.SEALED)) {
                assertThatThrownBy(() -> conversation.run("Go on"))
                        .isInstanceOfSatisfying(
                                StoreException.class, e -> assertThat(e.kind()).isEqualTo(StoreException.Kind.SEALED));
                return;
            }
            assertThat(conversation.run("Go on").text()).isEqualTo("Gone on.");
            assertThat(model.prompts().get(0).startsWith(prompt))
                    .as("the first request begins with what was sent before")
                    .isTrue();
            assertThat(store.read(log.conversation(), 0, before.size()))
                    .extracting(LogEntry::position)
                    .isEqualTo(before.stream().map(LogEntry::position).toList());
            assertThat(store.inbox(log.conversation())).isEmpty();
        }
    }

    @Test
    void kindsOfAllLogs_areThoseOfTheDocs_andThoseThatTheLibraryWrites() throws IOException {
        Set<String> found = new TreeSet<>();
        for (OldLog log : logs()) {
            Path copy = log.copyTo(folder.resolve(String.valueOf(found.size() + "-" + log.hashCode())));
            try (ConversationStore store = new FileStore(copy);
                    Stream<LogEntry> entries = store.stream(log.conversation(), 0)) {
                entries.map(entry -> general(entry.kind())).forEach(found::add);
            }
        }
        assertThat(found)
                .as("a new kind needs a new set of logs; see OldLogs")
                .isEqualTo(documented())
                .isEqualTo(written());
    }

    private static String general(String kind) {
        return kind.replaceFirst("^(item\\.(context|pin))\\..*", "$1.NAME")
                .replaceFirst("^(aside\\.output)\\..*", "$1.CALL");
    }

    private static Set<String> documented() throws IOException {
        String page = Files.readString(Path.of("..", "docs", "log.md"));
        String table = page.substring(page.indexOf("| kind | says |"), page.indexOf("`usage` has"));
        return ROW.matcher(table)
                .results()
                .flatMap(row -> NAME.matcher(row.group(1)).results())
                .map(name -> name.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** The kinds by the one source that writes them down. */
    private static Set<String> written() throws IOException {
        List<Path> sources;
        try (Stream<Path> files = Files.walk(Path.of("..", "agent-core", "src", "main"))) {
            sources = files.filter(file -> file.endsWith(Path.of("log", "Entry.java")))
                    .toList();
        }
        assertThat(sources).as("the source that has all kinds").hasSize(1);
        Set<String> kinds = new TreeSet<>();
        Matcher constants = CONSTANT.matcher(Files.readString(sources.get(0)));
        while (constants.find()) {
            String value = constants
                    .group(1)
                    .replace("LogEntry.SEALED", "\"" + LogEntry.SEALED + "\"")
                    .replace("LogEntry.ASIDE", "\"" + LogEntry.ASIDE + "\"")
                    .replaceAll("\" \\+ \"", "")
                    .replace("\"", "");
            if (!NO_KINDS.contains(value) && !value.equals("item.")) {
                kinds.add(general(value.endsWith(".") ? value + "x" : value));
            }
        }
        return kinds;
    }

    @Test
    void eachSet_isSmall() throws IOException {
        try (Stream<Path> sets = Files.list(OldLogs.HOME)) {
            assertThat(sets).isNotEmpty().allSatisfy(set -> {
                try (Stream<Path> files = Files.walk(set)) {
                    assertThat(files.filter(Files::isRegularFile)
                                    .mapToLong(file -> file.toFile().length())
                                    .sum())
                            .isLessThan(300 * 1024);
                }
            });
        }
    }
}
