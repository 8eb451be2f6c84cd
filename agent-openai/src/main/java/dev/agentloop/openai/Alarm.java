package dev.agentloop.openai;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** Interrupts the thread that set it, after a while, unless it is turned off before. Thread-safe. */
final class Alarm {
    private final Thread sleeper = Thread.currentThread();
    private final CompletableFuture<Void> clock = new CompletableFuture<>();
    private boolean off;
    private boolean rang;

    private Alarm() {}

    /** Sets an alarm for the calling thread. */
    static Alarm in(Duration time) {
        Alarm alarm = new Alarm();
        CompletableFuture<Void> unused = alarm.clock
                .orTimeout(time.toMillis(), TimeUnit.MILLISECONDS)
                .whenComplete((nothing, timeout) -> {
                    if (timeout != null) {
                        alarm.ring();
                    }
                });
        return alarm;
    }

    private synchronized void ring() {
        if (!off) {
            rang = true;
            sleeper.interrupt();
        }
    }

    /**
     * Turns the alarm off, and takes back its interrupt if it has rung; called by the thread that set it.
     *
     * @return whether it has rung
     */
    synchronized boolean turnOff() {
        if (!off) {
            off = true;
            clock.complete(null);
            if (rang) {
                boolean unused = Thread.interrupted();
            }
        }
        return rang;
    }
}
