package dev.agentloop.pg;

import dev.agentloop.AgentLoop;
import dev.agentloop.BusyException;
import dev.agentloop.Conversation;
import dev.agentloop.Outcome;
import dev.agentloop.RunOptions;
import dev.agentloop.spi.StoreException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Random;
import javax.sql.DataSource;

/** A writer that works as a host does: it runs the conversation, again and again, with something new to say. */
final class FightLoop implements AutoCloseable {
    private final FightStore store;
    private final String conversation;
    private final AgentLoop agent;
    private int said;

    /**
     * A writer.
     *
     * @param resource what its tools change
     * @param clock by which it tells the model the date
     */
    FightLoop(FightStore store, String conversation, DataSource resource, Clock clock, long seed) {
        this.store = store;
        this.conversation = conversation;
        agent = AgentLoop.builder()
                .model(new FightModel(store.writer(), new Random(seed)))
                .instructions("A scripted model answers.")
                .workspace(Path.of(System.getProperty("java.io.tmpdir")))
                .tools(FightTool.all(store.record(), resource))
                .compactor(new FightModel.Shortening())
                .clock(clock)
                .store(store)
                .build();
    }

    /** Runs the conversation once, if it gets the turn. */
    void run(RunOptions.WhenBusy whenBusy) {
        String text = store.writer() + " asks no " + ++said;
        RunOptions options = RunOptions.DEFAULT.withWhenBusy(whenBusy);
        try {
            Conversation opened = store.head(conversation).isPresent()
                    ? agent.resume(conversation)
                    : agent.newConversation(conversation);
            Outcome outcome = opened.run(text, options);
            store.record().kept(text);
            if (outcome instanceof Outcome.HandedOver) {
                store.record().refused("run HandedOver");
            }
        } catch (BusyException e) {
            store.record().refused("run BUSY");
        } catch (StoreException e) {
            store.record().refused("run " + e.kind());
        }
    }

    @Override
    public void close() {
        agent.close();
    }
}
