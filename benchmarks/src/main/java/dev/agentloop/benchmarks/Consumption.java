package dev.agentloop.benchmarks;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.HashMap;
import java.util.Map;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/*
 * Asked by JMX names, because what is needed is not part of java.lang.management itself: the processor time of the
 * process, and the bytes that threads allocated. JDK 21 counts the bytes of all threads, ended ones included. Before it
 * there is a count for each live thread only; the pools of this harness keep a thread for a minute after its last task, so
 * whatever a thread allocates in a measured stretch is still there to be read at its end.
 */
/** What this process has used up to a moment: processor time, garbage collection and compilation included, and memory. */
final class Consumption {
    private static final String OPERATING_SYSTEM = "java.lang:type=OperatingSystem";
    private static final String THREADING = "java.lang:type=Threading";
    private static final boolean COUNTS_ENDED_THREADS = Runtime.version().feature() >= 21;
    private static final long OVERHEAD = overhead();

    private final long cpuNanos;
    private final Map<Long, Long> allocated;

    private Consumption(long cpuNanos, Map<Long, Long> allocated) {
        this.cpuNanos = cpuNanos;
        this.allocated = allocated;
    }

    static Consumption now() {
        try {
            MBeanServer server = ManagementFactory.getPlatformMBeanServer();
            long cpu = (Long) server.getAttribute(new ObjectName(OPERATING_SYSTEM), "ProcessCpuTime");
            return new Consumption(cpu, allocated(server, new ObjectName(THREADING)));
        } catch (JMException e) {
            throw new IllegalStateException("this Java does not tell what a process or its threads use", e);
        }
    }

    private static Map<Long, Long> allocated(MBeanServer server, ObjectName threading) throws JMException {
        if (COUNTS_ENDED_THREADS) {
            return Map.of(0L, (Long) server.getAttribute(threading, "TotalThreadAllocatedBytes"));
        }
        ThreadMXBean threads = ManagementFactory.getThreadMXBean();
        long[] ids = threads.getAllThreadIds();
        long[] bytes =
                (long[]) server.invoke(threading, "getThreadAllocatedBytes", new Object[] {ids}, new String[] {"[J"});
        Map<Long, Long> byThread = new HashMap<>();
        for (int i = 0; i < ids.length; i++) {
            byThread.put(ids[i], Math.max(0, bytes[i]));
        }
        return byThread;
    }

    // What asking costs is no part of what is asked about; it matters where a run has only ten turns.
    private static long overhead() {
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 20; i++) {
            Consumption before = now();
            least = Math.min(least, now().bytesSince(before, 0));
        }
        return least;
    }

    /** Processor time of all threads, the JVM's own included. */
    long cpuNanosSince(Consumption before) {
        return cpuNanos - before.cpuNanos;
    }

    /** Bytes that all threads allocated. */
    long bytesSince(Consumption before) {
        return bytesSince(before, OVERHEAD);
    }

    private long bytesSince(Consumption before, long overhead) {
        long sum = 0;
        for (Map.Entry<Long, Long> thread : allocated.entrySet()) {
            sum += thread.getValue() - before.allocated.getOrDefault(thread.getKey(), 0L);
        }
        return sum - overhead;
    }
}
