/** What holds for the whole repository and no single module can test: its public types, modules, sources and documents. */
@NullMarked
package dev.agentloop.examples.policy;

import org.jspecify.annotations.NullMarked;
