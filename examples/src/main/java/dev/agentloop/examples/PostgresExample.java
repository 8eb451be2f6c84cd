package dev.agentloop.examples;

import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Model;
import dev.agentloop.openai.OpenAiModel;
import dev.agentloop.pg.DeletionPage;
import dev.agentloop.pg.PgConversationStore;
import dev.agentloop.pg.SearchMatch;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import javax.sql.DataSource;

/** Conversations in PostgreSQL: begun here, gone on with by any process that has the database. */
public final class PostgresExample {
    private PostgresExample() {}

    static String begin(Model model, String url, String user, String password) {
        // tag::begin[]
        try (PgConversationStore store = PgConversationStore.connect(url, user, password);
                AgentLoop agent = AgentLoop.builder().model(model).store(store).build()) {
            Conversation conversation = agent.newConversation();
            conversation.run("Remember the number 7.");
            return conversation.id();
        }
        // end::begin[]
    }

    static String goOn(AgentLoop agent, String id) {
        // tag::resume[]
        Conversation conversation = agent.resume(id);
        return conversation.run("Which number was it?").text();
        // end::resume[]
    }

    static PgConversationStore hosted(DataSource source) {
        // tag::hosted[]
        PgConversationStore store = PgConversationStore.builder(source)
                .timeLimit(Duration.ofSeconds(10))
                .heartbeat(Duration.ofSeconds(2), Duration.ofSeconds(10))
                .open();
        // end::hosted[]
        return store;
    }

    static AgentLoop ofTenant(AgentLoop agent, PgConversationStore store, String tenant) {
        // tag::tenant[]
        AgentLoop theirs = agent.on(store.tenant(tenant));
        // end::tenant[]
        return theirs;
    }

    static List<SearchMatch> find(PgConversationStore store, String words) {
        // tag::search[]
        List<SearchMatch> page = store.search(words, "", 20);
        // end::search[]
        return page;
    }

    static int deleteOld(PgConversationStore store, Instant before) {
        int deleted = 0;
        // tag::retention[]
        String next = "";
        do {
            DeletionPage page = store.deleteSealed(before, next, 1_000);
            deleted += page.deleted();
            next = page.next();
        } while (!next.isEmpty());
        // end::retention[]
        return deleted;
    }

    /** Begins a conversation with a real model in the database whose JDBC URL, user and password are the arguments. */
    public static void main(String[] arguments) {
        Model model = OpenAiModel.fromEnvironment("gpt-5.1-codex");
        System.out.println(begin(model, arguments[0], arguments[1], arguments[2]));
    }
}
