package dev.agentloop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** In which order compactors are tried. */
class CompactorChainTest {
    private static final Compactor.Task TASK = new Compactor.Task(
            Prompt.of(PromptSettings.of("m").build(), Toolbox.empty()).plus(List.of(Item.user("a"))),
            Compactor.Reason.REQUESTED,
            new Compactor.Context(100, 1_000, 900, false),
            List.of(),
            0,
            List.of());

    /** Offers this, or nothing with null. */
    private record Offering(String name, Compactor.@Nullable Offer offers) implements Compactor {
        @Override
        public Optional<Offer> offer(Task task) {
            return Optional.ofNullable(offers);
        }

        @Override
        public Window compact(Task task) {
            return Window.built(List.of(Item.user(name)), Usage.NONE);
        }
    }

    private final Compactor dear = new Offering("dear", new Compactor.Offer(1_000, 0, 100));
    private final Compactor cached = new Offering("cached", new Compactor.Offer(1_000, 1_000, 100));
    private final Compactor wordy = new Offering("wordy", new Compactor.Offer(1_000, 1_000, 1_000));
    private final Compactor free = new Offering("free", Compactor.Offer.FREE);
    private final Compactor unable = new Offering("unable", null);

    private static List<String> order(Compactor compactor) {
        return compactor.inOrder(TASK).stream().map(Compactor::name).toList();
    }

    @Test
    void cheapestOf_goesByWhatEachWouldUse_andLeavesOutWhoCanDoNothing() {
        assertThat(order(Compactor.cheapestOf(wordy, dear, unable, cached, free)))
                .containsExactly("free", "cached", "dear", "wordy");
    }

    @Test
    void firstOf_keepsTheGivenOrder_ofChainsWithinItToo() {
        Compactor chain = Compactor.firstOf(dear, Compactor.cheapestOf(wordy, cached), unable);
        assertThat(order(chain)).containsExactly("dear", "cached", "wordy", "unable");
        assertThat(chain.name()).isEqualTo("dear, wordy, cached, unable");
    }

    @Test
    void chain_askedByItself_doesWhatItsFirstWould() throws InterruptedException {
        Compactor chain = Compactor.cheapestOf(dear, unable, cached);
        assertThat(chain.offer(TASK)).contains(new Compactor.Offer(1_000, 1_000, 100));
        assertThat(chain.compact(TASK).items()).containsExactly(Item.user("cached"));
    }

    @Test
    void cheapestOf_whereAnOfferFails_asksThatOneLast() {
        Compactor failing = new Compactor() {
            @Override
            public String name() {
                return "failing";
            }

            @Override
            public Optional<Offer> offer(Task task) {
                throw new IllegalStateException("no idea");
            }

            @Override
            public Window compact(Task task) {
                throw new AssertionError("not asked");
            }
        };
        assertThat(order(Compactor.cheapestOf(failing, wordy))).containsExactly("wordy", "failing");
    }
}
