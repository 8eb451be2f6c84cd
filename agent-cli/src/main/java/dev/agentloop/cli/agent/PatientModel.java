package dev.agentloop.cli.agent;

import dev.agentloop.Model;
import dev.agentloop.ModelException;
import dev.agentloop.ModelResponse;
import dev.agentloop.Prompt;
import dev.agentloop.PromptSettings;
import dev.agentloop.cli.options.WaitOption;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;

/**
 * Waits for a server that cannot be reached: nothing was sent, so to ask again costs nothing. Other failures are not its
 * own. Thread-safe.
 */
final class PatientModel implements Model {
    private static final Duration FIRST = Duration.ofSeconds(1);
    private static final Duration LONGEST = Duration.ofSeconds(30);
    private static final int DOUBLINGS = 5;
    private static final List<Class<? extends Throwable>> NOT_REACHED = List.of(
            ConnectException.class,
            HttpConnectTimeoutException.class,
            NoRouteToHostException.class,
            UnknownHostException.class,
            UnresolvedAddressException.class);

    private final Model model;
    private final Duration most;

    /**
     * @param most how long it waits in all for one response; zero for not at all
     */
    PatientModel(Model model, Duration most) {
        this.model = model;
        this.most = most;
    }

    @Override
    public PromptSettings settings() {
        return model.settings();
    }

    @Override
    public ModelResponse respond(Prompt prompt, Listener listener) throws InterruptedException {
        long begun = System.nanoTime();
        for (int attempt = 1; ; attempt++) {
            try {
                return model.respond(prompt, listener);
            } catch (ModelException e) {
                if (most.isZero() || !isUnreachable(e)) {
                    throw e;
                }
                Duration left = most.minusNanos(System.nanoTime() - begun);
                if (left.isNegative() || left.isZero()) {
                    throw gone(e);
                }
                Duration delay = delay(attempt);
                delay = delay.compareTo(left) < 0 ? delay : left;
                listener.onRetry(attempt, delay, waiting(e));
                Thread.sleep(Math.max(1, delay.toMillis()));
            }
        }
    }

    private static boolean isUnreachable(ModelException failure) {
        if (failure.kind() != ModelException.Kind.TRANSPORT || failure.status() != 0) {
            return false;
        }
        for (Throwable cause = failure.getCause(); cause != null; cause = cause.getCause()) {
            if (NOT_REACHED.stream().anyMatch(cause.getClass()::equals)) {
                return true;
            }
        }
        return false;
    }

    private static Duration delay(int attempt) {
        Duration delay = FIRST.multipliedBy(1L << Math.min(attempt - 1, DOUBLINGS));
        return delay.compareTo(LONGEST) < 0 ? delay : LONGEST;
    }

    private ModelException waiting(ModelException failure) {
        String bound = most.compareTo(WaitOption.FOR_EVER) < 0
                ? "for at most " + WaitOption.shown(most)
                : "until it is there or you press Ctrl-C";
        return said(failure, " Nothing was sent, so it costs nothing to wait " + bound + ".")
                .build();
    }

    private ModelException gone(ModelException failure) {
        return said(failure, " Given up after " + WaitOption.shown(most) + " (--wait).")
                .retryable(false)
                .build();
    }

    private static ModelException.Builder said(ModelException failure, String more) {
        return ModelException.of(failure.kind(), failure.getMessage() + more).cause(failure);
    }

    @Override
    public OptionalLong countTokens(Prompt prompt) throws InterruptedException {
        return model.countTokens(prompt);
    }
}
