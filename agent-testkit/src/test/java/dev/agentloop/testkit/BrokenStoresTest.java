package dev.agentloop.testkit;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The contract suite of stores catches stores that are broken on purpose, each in one way. */
class BrokenStoresTest {
    private static final class ComparesVersionsOnly extends SimpleStore {
        @Override
        boolean sameHead(LogPosition head, LogPosition expected) {
            return head.version() == expected.version();
        }
    }

    private static final class ForksByVersionOnly extends SimpleStore {
        @Override
        boolean forksAt(LogEntry entry, LogPosition at) {
            return true;
        }
    }

    private static final class RefusesARepeatedAppend extends SimpleStore {
        @Override
        boolean holds(List<LogEntry> log, List<LogEntry> entries) {
            return false;
        }
    }

    private static final class TakesAnyRepeatedAppendForDone extends SimpleStore {
        @Override
        boolean holds(List<LogEntry> log, List<LogEntry> entries) {
            return log.size() >= entries.get(entries.size() - 1).version();
        }
    }

    private static final class WritesJsonAnew extends SimpleStore {
        @Override
        LogEntry stored(LogEntry entry) {
            byte[] payload = entry.payload();
            if (payload == null) {
                return entry;
            }
            try {
                ObjectMapper mapper = new ObjectMapper();
                return with(entry, entry.salt(), mapper.writeValueAsBytes(mapper.readTree(payload)));
            } catch (IOException e) {
                return entry;
            }
        }
    }

    private static LogEntry with(LogEntry entry, byte[] salt, byte[] payload) {
        return new LogEntry(
                entry.version(), entry.kind(), entry.turn(), entry.base(), salt, entry.digest(), entry.hash(), payload);
    }

    private static final class ForgetsTheSalt extends SimpleStore {
        @Override
        LogEntry stored(LogEntry entry) {
            return with(entry, null, entry.payload());
        }
    }

    private static final class KeepsKindsInAscii extends SimpleStore {
        @Override
        LogEntry stored(LogEntry entry) {
            return new LogEntry(
                    entry.version(),
                    entry.kind().replaceAll("[^\\x00-\\x7f]", "?"),
                    entry.turn(),
                    entry.base(),
                    entry.salt(),
                    entry.digest(),
                    entry.hash(),
                    entry.payload());
        }
    }

    private static final class KeepsTheSoundBeginningOfABadAppend extends SimpleStore {
        @Override
        void checkChain(String conversation, LogPosition expected, List<LogEntry> entries) {
            List<LogEntry> sound = new ArrayList<>();
            try {
                super.checkChain(conversation, expected, entries);
            } catch (IllegalArgumentException e) {
                LogPosition before = expected;
                for (int i = 0; i < entries.size() && entries.get(i).follows(before); i++) {
                    sound.add(entries.get(i));
                    before = entries.get(i).position();
                }
                write(conversation, logs.getOrDefault(conversation, List.of()), sound);
                throw e;
            }
        }
    }

    private static final class TakesEntriesOfNoChain extends SimpleStore {
        @Override
        void checkChain(String conversation, LogPosition expected, List<LogEntry> entries) {
            if (entries.isEmpty()) {
                throw new IllegalArgumentException("no entry");
            }
        }
    }

    private static final class LooksBeforeItLocks extends SimpleStore {
        private final CyclicBarrier bothLooked = new CyclicBarrier(2);

        @Override
        public LogPosition append(String conversation, LogPosition expected, List<LogEntry> entries) {
            checkId(conversation);
            checkChain(conversation, expected, entries);
            List<LogEntry> log = logs.getOrDefault(conversation, List.of());
            if (!sameHead(headOf(log), expected) && !holds(log, entries)) {
                throw conflict(conversation, expected, headOf(log));
            }
            letTheOtherLook();
            synchronized (this) {
                write(conversation, log, entries);
                return headOf(logs.get(conversation));
            }
        }

        private void letTheOtherLook() {
            try {
                bothLooked.await(100, TimeUnit.MILLISECONDS);
            } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
                bothLooked.reset(); // There is no other.
            }
        }
    }

    private static final class ShowsAnAppendEntryByEntry extends SimpleStore {
        @Override
        void write(String conversation, List<LogEntry> log, List<LogEntry> entries) {
            for (LogEntry entry : entries) {
                logs.computeIfAbsent(conversation, id -> new CopyOnWriteArrayList<>())
                        .add(entry);
                LockSupport.parkNanos(1_000);
            }
            changes.put(conversation, java.time.Instant.now());
        }
    }

    private static final class LosesTheLastEntryInAReopening extends SimpleStore {
        @Override
        void reopen() {
            logs.replaceAll((id, log) -> log.subList(0, log.size() - 1));
        }
    }

    private static final class SharesAForksList extends SimpleStore {
        @Override
        void write(String conversation, List<LogEntry> log, List<LogEntry> entries) {
            logs.computeIfAbsent(conversation, id -> new ArrayList<>()).addAll(entries);
            changes.put(conversation, java.time.Instant.now());
        }

        @Override
        public synchronized void fork(String source, LogPosition at, String target) {
            super.fork(source, at, target);
            logs.put(target, logs.get(source));
        }
    }

    private static final class ForksOverAConversation extends SimpleStore {
        @Override
        public synchronized void fork(String source, LogPosition at, String target) {
            List<LogEntry> log = logs.remove(target);
            if (log != null && source.equals(target)) {
                logs.put(target, log);
            }
            super.fork(source, at, target);
        }
    }

    private static final class ReadsFromTheVersionItself extends SimpleStore {
        @Override
        public List<LogEntry> read(String conversation, long after, int limit) {
            return super.read(conversation, after == 0 ? 0 : after - 1, limit);
        }
    }

    private static final class ListsByTheLastChange extends SimpleStore {
        @Override
        Comparator<String> order() {
            return Comparator.<String, java.time.Instant>comparing(changes::get).reversed();
        }
    }

    private static final class TakesAnyId extends SimpleStore {
        @Override
        void checkId(String conversation) {
            // Any.
        }
    }

    private static final class ThrowsItsOwnException extends SimpleStore {
        @Override
        RuntimeException conflict(String conversation, LogPosition expected, LogPosition head) {
            return new java.util.ConcurrentModificationException("someone else wrote");
        }
    }

    private static final class DeletesNothing extends SimpleStore {
        @Override
        public void delete(String conversation) {
            checkId(conversation);
        }
    }

    @TestFactory
    Stream<DynamicTest> suite_catches() {
        return Stream.of(
                        new StoreMutant(
                                ComparesVersionsOnly::new, "append_behindTheRightVersionOfAnotherHistory_isAConflict"),
                        new StoreMutant(ForksByVersionOnly::new, "fork_ofWhatIsNotThere_isNotFound"),
                        new StoreMutant(RefusesARepeatedAppend::new, "append_sentAgain_changesNothing"),
                        new StoreMutant(
                                TakesAnyRepeatedAppendForDone::new,
                                "append_ofTheSameContentsByAnotherWriter_isAConflict"),
                        new StoreMutant(WritesJsonAnew::new, "payload_comesBackByteForByte"),
                        new StoreMutant(ForgetsTheSalt::new, "allFields_comeBack"),
                        new StoreMutant(KeepsKindsInAscii::new, "allFields_comeBack"),
                        new StoreMutant(
                                KeepsTheSoundBeginningOfABadAppend::new,
                                "append_whoseEntriesDoNotFollow_isRefusedWhole"),
                        new StoreMutant(TakesEntriesOfNoChain::new, "append_whoseEntriesDoNotFollow_isRefusedWhole"),
                        new StoreMutant(LooksBeforeItLocks::new, "twoWriters_exactlyOneWinsEachVersion"),
                        new StoreMutant(ShowsAnAppendEntryByEntry::new, "readers_seeWholeAppendsOfOneHistory"),
                        new StoreMutant(LosesTheLastEntryInAReopening::new, "everything_isThereAfterReopening"),
                        new StoreMutant(SharesAForksList::new, "fork_andItsSource_goOnApart"),
                        new StoreMutant(ForksOverAConversation::new, "fork_intoAConversationThatExists_isRefused"),
                        new StoreMutant(ReadsFromTheVersionItself::new, "read_inPages_givesEachEntryOnce"),
                        new StoreMutant(
                                ListsByTheLastChange::new, "list_isInTheOrderOfTheIdsWhateverWasAppendedToLast"),
                        new StoreMutant(TakesAnyId::new, "id_thatIsNone_isRefusedEverywhere"),
                        new StoreMutant(
                                ThrowsItsOwnException::new, "append_behindAStalePosition_isAConflictThatNamesBoth"),
                        new StoreMutant(DeletesNothing::new, "delete_leavesNothing"))
                .map(StoreMutant::test);
    }
}
