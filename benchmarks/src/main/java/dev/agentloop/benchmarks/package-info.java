/** Measures the loop end to end, beside the least that any client must do, and its parts with JMH. */
@NullMarked
package dev.agentloop.benchmarks;

import org.jspecify.annotations.NullMarked;
