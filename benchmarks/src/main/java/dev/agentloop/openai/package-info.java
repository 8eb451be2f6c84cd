/** Benchmarks of what the Responses client keeps to its package. */
@NullMarked
package dev.agentloop.openai;

import org.jspecify.annotations.NullMarked;
