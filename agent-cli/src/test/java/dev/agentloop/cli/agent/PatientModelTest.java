package dev.agentloop.cli.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.agentloop.AgentEvent;
import dev.agentloop.AgentLoop;
import dev.agentloop.Conversation;
import dev.agentloop.Model;
import dev.agentloop.ModelException;
import dev.agentloop.RetryPolicy;
import dev.agentloop.RunOptions;
import dev.agentloop.cli.options.WaitOption;
import dev.agentloop.openai.OpenAiModel;
import dev.agentloop.testkit.ScriptedResponse;
import dev.agentloop.testkit.ScriptedServer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A server that is not reached is waited for, any other failure is not. */
class PatientModelTest {
    private static Model model(String url, Duration most) {
        return new PatientModel(
                OpenAiModel.builder("scripted")
                        .baseUrl(url)
                        .retries(RetryPolicy.NEVER)
                        .connectTimeout(Duration.ofSeconds(5))
                        .build(),
                most);
    }

    private static String closedPort() {
        try (ScriptedServer server = ScriptedServer.answering()) {
            return server.url().toString();
        }
    }

    private static Conversation talk(Model model) {
        return AgentLoop.builder().model(model).build().newConversation();
    }

    @ParameterizedTest
    @ValueSource(strings = {"refused", "http://nowhere.invalid/v1"})
    void unreachable_isWaitedForInBounds(String url) {
        Model model = model(url.equals("refused") ? closedPort() : url, Duration.ofMillis(1_500));
        List<String> told = new ArrayList<>();
        Conversation conversation = talk(model);
        assertThatThrownBy(() -> conversation.run(
                        "Hello",
                        RunOptions.listeningWith(event -> {
                                    if (event instanceof AgentEvent.Retrying retrying) {
                                        told.add(retrying.cause());
                                    }
                                })
                                .withDelivery(RunOptions.Delivery.DIRECT)))
                .isInstanceOfSatisfying(
                        ModelException.class,
                        failure -> assertThat(failure.retryable()).isFalse())
                .hasMessageContaining("no connection to ")
                .hasMessageEndingWith(" Given up after 1s (--wait).");
        assertThat(told)
                .hasSizeGreaterThanOrEqualTo(2)
                .allMatch(cause -> cause.endsWith("Nothing was sent, so it costs nothing to wait for at most 1s."));
    }

    @Test
    void noWait_failsAtOnce() {
        assertThatThrownBy(() -> talk(model(closedPort(), Duration.ZERO)).run("Hello"))
                .isInstanceOfSatisfying(
                        ModelException.class,
                        failure -> assertThat(failure.retryable()).isTrue());
    }

    @Test
    void serverThatWasReached_isNotWaitedFor() {
        try (ScriptedServer server =
                ScriptedServer.answering(ScriptedServer.hangUp(), ScriptedResponse.says("Late."))) {
            assertThatThrownBy(() -> talk(model(server.url().toString(), WaitOption.FOR_EVER))
                            .run("Hello"))
                    .isInstanceOf(ModelException.class);
            assertThat(server.requests()).hasSize(1);
        }
    }
}
