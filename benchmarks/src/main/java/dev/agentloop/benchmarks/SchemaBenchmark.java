package dev.agentloop.benchmarks;

import dev.agentloop.Tool;
import dev.agentloop.tools.TypedTool;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/** Deriving the schema of a tool from its record; done once for each tool of a process. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(1)
public class SchemaBenchmark {
    enum Priority {
        LOW,
        HIGH
    }

    record Person(String name, Optional<String> mail) {}

    record Task(String title, Priority priority, List<Person> people, int days, boolean urgent) {}

    /** From the record's class to the text of the schema. */
    @Benchmark
    public Tool.Specification derive() {
        return TypedTool.of("add_task", "Adds a task.", Task.class, (task, context) -> "ok")
                .specification();
    }
}
