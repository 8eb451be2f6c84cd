/** Small programs that show the library at work; each is run by a test. */
@NullMarked
package dev.agentloop.examples;

import org.jspecify.annotations.NullMarked;
