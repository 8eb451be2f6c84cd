package dev.agentloop.openai;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/*
 * Why all share one timer: a timer for each would wake the timers' thread at each request, only for it to wait again.
 * Nearly every alarm is turned off long before its time, so the timer set for an earlier one serves the later ones too: it
 * looks at those that are left when it goes off, and is set again for the first of them.
 */
/** Interrupts the thread that set it, after a while, unless it is turned off before. Thread-safe. */
final class Alarm {
    private static final Set<Alarm> PENDING = new HashSet<>();
    private static boolean timerSet;
    private static long timerAt;

    private final Thread sleeper = Thread.currentThread();
    private final long at;
    private boolean off;
    private boolean rang;

    private Alarm(long at) {
        this.at = at;
    }

    /** Sets an alarm for the calling thread. */
    static Alarm in(Duration time) {
        Alarm alarm = new Alarm(System.nanoTime() + time.toNanos());
        synchronized (PENDING) {
            PENDING.add(alarm);
            setTimer(alarm.at);
        }
        return alarm;
    }

    /** Sees to it that the pending alarms are looked at no later than that; called with their lock. */
    private static void setTimer(long time) {
        if (timerSet && timerAt - time <= 0) {
            return;
        }
        timerSet = true;
        timerAt = time;
        CompletableFuture.delayedExecutor(time - System.nanoTime(), TimeUnit.NANOSECONDS, Runnable::run)
                .execute(() -> ringAll(time));
    }

    private static void ringAll(long timer) {
        List<Alarm> due = new ArrayList<>();
        synchronized (PENDING) {
            if (timerAt != timer) {
                // Another timer was set for an earlier time since, and whatever was left then is its business.
                return;
            }
            timerSet = false;
            long now = System.nanoTime();
            PENDING.stream().filter(alarm -> alarm.at - now <= 0).forEach(due::add);
            due.forEach(PENDING::remove);
            PENDING.stream()
                    .map(alarm -> alarm.at)
                    .min((a, b) -> Long.signum(a - b))
                    .ifPresent(Alarm::setTimer);
        }
        due.forEach(Alarm::ring);
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
    boolean turnOff() {
        synchronized (PENDING) {
            PENDING.remove(this);
        }
        synchronized (this) {
            if (!off) {
                off = true;
                if (rang) {
                    boolean unused = Thread.interrupted();
                }
            }
            return rang;
        }
    }
}
