package dev.agentloop.testkit;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.agentloop.spi.InboxMessage;
import dev.agentloop.spi.LogEntry;
import dev.agentloop.spi.LogPosition;
import java.io.IOException;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** The contract suite catches what stores do wrong with restatements, ends, erasures and messages, each in one way. */
class BrokenRecordsTest {

    /* --- load and the end of a log --- */

    private static final class LoadsTheWholeLog extends SimpleStore {
        @Override
        public List<LogEntry> load(String conversation) {
            return read(conversation, 0, Integer.MAX_VALUE);
        }
    }

    private static final class LoadsTheRestatementWithoutTheEntryBefore extends SimpleStore {
        @Override
        public List<LogEntry> load(String conversation) {
            List<LogEntry> entries = super.load(conversation);
            long base = entries.isEmpty() ? 0 : entries.get(entries.size() - 1).base();
            return entries.stream().filter(entry -> entry.version() >= base).toList();
        }
    }

    private static final class LoadsNothingWithoutARestatement extends SimpleStore {
        @Override
        public List<LogEntry> load(String conversation) {
            return super.load(conversation).stream()
                    .filter(entry -> entry.base() > 0)
                    .toList();
        }
    }

    private static final class LooksForAnEntryBeforeTheFirst extends SimpleStore {
        @Override
        public List<LogEntry> load(String conversation) {
            List<LogEntry> entries = super.load(conversation);
            return entries.stream().anyMatch(entry -> entry.base() == 1) ? List.of() : entries;
        }
    }

    private abstract static class KnowsItsForks extends SimpleStore {
        final Map<String, Long> forks = new HashMap<>();

        @Override
        public synchronized void fork(String source, LogPosition at, String target) {
            super.fork(source, at, target);
            forks.put(target, at.version());
        }
    }

    private static final class LoadsOnlyWhatTheForkWrote extends KnowsItsForks {
        @Override
        public List<LogEntry> load(String conversation) {
            return super.load(conversation).stream()
                    .filter(entry -> entry.version() > forks.getOrDefault(conversation, 0L))
                    .toList();
        }
    }

    private static final class LosesWhatLiesBesideTheLog extends SimpleStore {
        @Override
        LogEntry stored(LogEntry entry) {
            return entry.kind().startsWith(LogEntry.ASIDE) ? entry.withoutPayload() : entry;
        }
    }

    private static final class AppendsBehindTheEnd extends SimpleStore {
        @Override
        boolean sealed(List<LogEntry> log) {
            return false;
        }
    }

    private static final class LooksForTheEndOnlyInTheLog extends SimpleStore {
        @Override
        void checkEnd(List<LogEntry> entries) {}
    }

    private static final class RefusesTheEndWhenItIsSentAgain extends SimpleStore {
        @Override
        boolean holds(List<LogEntry> log, List<LogEntry> entries) {
            return !sealed(log) && super.holds(log, entries);
        }
    }

    /* --- erase --- */

    private static final class ErasesThePayloadAndKeepsTheSalt extends SimpleStore {
        @Override
        LogEntry erased(LogEntry entry, byte[] mark) {
            return entry.withoutPayload();
        }
    }

    private static final class PutsNothingInItsPlace extends SimpleStore {
        @Override
        LogEntry erased(LogEntry entry, byte[] mark) {
            return new LogEntry(
                    entry.version(),
                    entry.kind(),
                    entry.turn(),
                    entry.base(),
                    null,
                    entry.digest(),
                    entry.hash(),
                    null);
        }
    }

    private static final class WritesAMarkAnew extends SimpleStore {
        @Override
        LogEntry erased(LogEntry entry, byte[] mark) {
            try {
                ObjectMapper mapper = new ObjectMapper();
                return entry.erased(mapper.writeValueAsBytes(mapper.readTree(mark)));
            } catch (IOException e) {
                return entry.erased(mark);
            }
        }
    }

    private static final class KeepsTheFirstMark extends SimpleStore {
        @Override
        LogEntry erased(LogEntry entry, byte[] mark) {
            return entry.isErased() ? entry : entry.erased(mark);
        }
    }

    private static final class ErasesByTakingTheEntryOut extends SimpleStore {
        @Override
        public synchronized void erase(String conversation, Map<Long, byte[]> marks) {
            logs.computeIfPresent(
                    conversation,
                    (id, log) -> log.stream()
                            .filter(entry -> !marks.containsKey(entry.version()))
                            .toList());
        }
    }

    private static final class ErasesAllConversations extends SimpleStore {
        @Override
        List<String> erasedIn(String conversation, long version) {
            return logs.keySet().stream()
                    .filter(id -> version > 0 && logs.get(id).size() >= version)
                    .toList();
        }
    }

    private static final class ForgetsErasuresInAReopening extends SimpleStore {
        private final Map<String, List<LogEntry>> written = new HashMap<>();

        @Override
        public synchronized void erase(String conversation, Map<Long, byte[]> marks) {
            written.putIfAbsent(conversation, logs.getOrDefault(conversation, List.of()));
            super.erase(conversation, marks);
        }

        @Override
        void reopen() {
            logs.putAll(written);
        }
    }

    private static final class ErasesNothingThatAForkShares extends KnowsItsForks {
        @Override
        List<String> erasedIn(String conversation, long version) {
            return version <= forks.getOrDefault(conversation, 0L) ? List.of() : super.erasedIn(conversation, version);
        }
    }

    private static final class ErasesInTheOneThatIsNamed extends SimpleStore {
        @Override
        List<String> erasedIn(String conversation, long version) {
            return super.erasedIn(conversation, version).stream()
                    .filter(conversation::equals)
                    .toList();
        }
    }

    private static final class KnowsNoForksOfForks extends KnowsItsForks {
        private final Map<String, String> sources = new HashMap<>();

        @Override
        public synchronized void fork(String source, LogPosition at, String target) {
            super.fork(source, at, target);
            sources.put(target, source);
        }

        @Override
        public synchronized List<String> sharing(String conversation, long version) {
            String of = sources.get(conversation);
            return super.sharing(conversation, version).stream()
                    .filter(other ->
                            other.equals(conversation) || other.equals(of) || conversation.equals(sources.get(other)))
                    .toList();
        }
    }

    private static final class SharesByTheNumberAlone extends SimpleStore {
        @Override
        boolean shares(String conversation, LogEntry entry) {
            return logs.get(conversation).size() >= entry.version();
        }
    }

    /* --- messages --- */

    private static final class KeepsTheLastMessageOfAnId extends SimpleStore {
        @Override
        boolean leave(Map<String, InboxMessage> inbox, InboxMessage message) {
            return inbox.put(message.id(), message.leftAt(java.time.Instant.now())) == null;
        }
    }

    private static final class TellsEachSenderThatItWasFirst extends SimpleStore {
        @Override
        boolean leave(Map<String, InboxMessage> inbox, InboxMessage message) {
            super.leave(inbox, message);
            return true;
        }
    }

    private static final class LooksBeforeItLeaves extends SimpleStore {
        private final CyclicBarrier bothLooked = new CyclicBarrier(2);

        @Override
        public boolean leave(String conversation, InboxMessage message) {
            boolean first =
                    inbox(conversation).stream().noneMatch(other -> other.id().equals(message.id()));
            try {
                bothLooked.await(100, TimeUnit.MILLISECONDS);
            } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
                bothLooked.reset(); // There is no other.
            }
            boolean left = super.leave(conversation, message);
            return left || first;
        }
    }

    private static final class SortsMessagesByTheirIds extends SimpleStore {
        @Override
        public synchronized List<InboxMessage> inbox(String conversation) {
            return super.inbox(conversation).stream()
                    .sorted(Comparator.comparing(InboxMessage::id))
                    .toList();
        }
    }

    private static final class KeepsTheSendersTime extends SimpleStore {
        @Override
        boolean leave(Map<String, InboxMessage> inbox, InboxMessage message) {
            return inbox.putIfAbsent(message.id(), message) == null;
        }
    }

    private static final class ForgetsMessagesInAReopening extends SimpleStore {
        @Override
        void reopen() {
            inboxes.clear();
        }
    }

    private static final class RemovesAllMessages extends SimpleStore {
        @Override
        public synchronized void removeMessages(String conversation, Collection<String> ids) {
            inboxes.remove(conversation);
        }
    }

    private static final class TakesMessagesForNobody extends SimpleStore {
        @Override
        public boolean leave(String conversation, InboxMessage message) {
            return leave(inboxes.computeIfAbsent(conversation, id -> new LinkedHashMap<>()), message);
        }
    }

    private static final class KeepsTheInboxOfADeletedConversation extends SimpleStore {
        @Override
        public void delete(String conversation) {
            checkId(conversation);
            logs.remove(conversation);
        }
    }

    private static final class SharesItsInboxWithItsForks extends SimpleStore {
        @Override
        public synchronized void fork(String source, LogPosition at, String target) {
            super.fork(source, at, target);
            inboxes.put(target, inboxes.computeIfAbsent(source, id -> new LinkedHashMap<>()));
        }
    }

    private static final class WritesMessagesAnew extends SimpleStore {
        @Override
        boolean leave(Map<String, InboxMessage> inbox, InboxMessage message) {
            try {
                ObjectMapper mapper = new ObjectMapper();
                byte[] again = mapper.writeValueAsBytes(mapper.readTree(message.payload()));
                return super.leave(inbox, InboxMessage.of(message.id(), message.kind(), again));
            } catch (IOException e) {
                return super.leave(inbox, message);
            }
        }
    }

    @TestFactory
    Stream<DynamicTest> suite_catchesWrongLogs() {
        return Stream.of(
                        new StoreMutant(LoadsTheWholeLog::new, "load_givesTheNewestRestatementAndTheEntryBefore"),
                        new StoreMutant(
                                LoadsTheRestatementWithoutTheEntryBefore::new,
                                "load_givesTheNewestRestatementAndTheEntryBefore"),
                        new StoreMutant(
                                LoadsNothingWithoutARestatement::new, "load_withoutARestatement_givesTheWholeLog"),
                        new StoreMutant(
                                LooksForAnEntryBeforeTheFirst::new,
                                "load_ofALogThatBeginsWithARestatement_givesAllOfIt"),
                        new StoreMutant(LoadsOnlyWhatTheForkWrote::new, "load_ofAFork_goesOnBehindItsBeginning"),
                        new StoreMutant(LosesWhatLiesBesideTheLog::new, "load_leavesOutWhatLiesBesideTheLog"),
                        new StoreMutant(AppendsBehindTheEnd::new, "append_behindASealedLog_isRefused"),
                        new StoreMutant(
                                LooksForTheEndOnlyInTheLog::new,
                                "append_withAnEntryBehindTheEndOfTheLog_isRefusedAsAWhole"),
                        new StoreMutant(RefusesTheEndWhenItIsSentAgain::new, "append_behindASealedLog_isRefused"),
                        new StoreMutant(
                                ErasesThePayloadAndKeepsTheSalt::new, "erase_takesPayloadAndSaltAndLeavesTheChain"),
                        new StoreMutant(PutsNothingInItsPlace::new, "erase_takesPayloadAndSaltAndLeavesTheChain"),
                        new StoreMutant(WritesAMarkAnew::new, "marks_comeBackByteForByte"),
                        new StoreMutant(KeepsTheFirstMark::new, "erase_again_putsTheNewMarkInPlaceOfTheOld"),
                        new StoreMutant(ErasesByTakingTheEntryOut::new, "erase_takesPayloadAndSaltAndLeavesTheChain"),
                        new StoreMutant(ErasesAllConversations::new, "erase_ofWhatIsNotThere_changesNothing"),
                        new StoreMutant(ForgetsErasuresInAReopening::new, "erase_takesPayloadAndSaltAndLeavesTheChain"),
                        new StoreMutant(ErasesNothingThatAForkShares::new, "erase_ofASharedEntry_isInAllThatHaveIt"),
                        new StoreMutant(ErasesInTheOneThatIsNamed::new, "erase_ofASharedEntry_isInAllThatHaveIt"),
                        new StoreMutant(KnowsNoForksOfForks::new, "sharing_namesThoseThatHaveTheEntry"),
                        new StoreMutant(SharesByTheNumberAlone::new, "sharing_namesThoseThatHaveTheEntry"))
                .map(StoreMutant::test);
    }

    @TestFactory
    Stream<DynamicTest> suite_catchesWrongInboxes() {
        return Stream.of(
                        new StoreMutant(KeepsTheLastMessageOfAnId::new, "messageOfAnIdThatWasLeft_isPassedOver"),
                        new StoreMutant(TellsEachSenderThatItWasFirst::new, "messageOfAnIdThatWasLeft_isPassedOver"),
                        new StoreMutant(LooksBeforeItLeaves::new, "messagesOfOneIdAtOnce_exactlyOneStays"),
                        new StoreMutant(SortsMessagesByTheirIds::new, "inbox_keepsWhatWasLeftInItsOrder"),
                        new StoreMutant(KeepsTheSendersTime::new, "inbox_keepsWhatWasLeftInItsOrder"),
                        new StoreMutant(ForgetsMessagesInAReopening::new, "inbox_keepsWhatWasLeftInItsOrder"),
                        new StoreMutant(RemovesAllMessages::new, "removedMessages_areGone"),
                        new StoreMutant(TakesMessagesForNobody::new, "message_forNoConversation_isNotFound"),
                        new StoreMutant(KeepsTheInboxOfADeletedConversation::new, "inbox_isDeletedWithItsConversation"),
                        new StoreMutant(SharesItsInboxWithItsForks::new, "fork_hasAnInboxOfItsOwn"),
                        new StoreMutant(WritesMessagesAnew::new, "payloadOfAMessage_comesBackByteForByte"))
                .map(StoreMutant::test);
    }
}
