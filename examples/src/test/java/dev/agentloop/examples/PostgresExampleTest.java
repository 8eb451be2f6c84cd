package dev.agentloop.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.pg.PgConversationStore;
import dev.agentloop.pg.embedded.EmbeddedPostgres;
import dev.agentloop.testkit.ScriptedModel;
import dev.agentloop.testkit.ScriptedResponse;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PostgresExampleTest {
    private static ScriptedModel answering(String text) {
        return ScriptedModel.answering(ScriptedResponse.says(text));
    }

    @Test
    void conversation_begunInOneProcess_isGoneOnWithFromItsStore(@TempDir Path folder) {
        // tag::embedded[]
        try (EmbeddedPostgres server = EmbeddedPostgres.in(folder).start()) {
            String id = PostgresExample.begin(answering("I will."), server.jdbcUrl(), server.user(), server.password());
            // end::embedded[]
            try (PgConversationStore store =
                            PgConversationStore.connect(server.jdbcUrl(), server.user(), server.password());
                    AgentLoop agent = AgentLoop.builder()
                            .model(answering("It was 7."))
                            .store(store)
                            .build()) {
                assertThat(PostgresExample.goOn(agent, id)).isEqualTo("It was 7.");
                store.refresh(id);
                assertThat(PostgresExample.find(store, "number remember")).hasSize(1);
                AgentLoop theirs = PostgresExample.ofTenant(agent, store, "acme");
                assertThat(store.tenant("acme").list("", 10)).isEmpty();
                Conversation conversation = agent.resume(id);
                conversation.seal("done");
                assertThat(PostgresExample.deleteOld(store, Instant.now().plusSeconds(60)))
                        .isEqualTo(1);
                assertThat(store.list("", 10)).isEqualTo(List.of());
                assertThat(theirs).isNotSameAs(agent);
            }
        }
    }
}
