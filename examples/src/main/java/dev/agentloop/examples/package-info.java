/** Small programs to copy from, each run by a test; the README of this module lists them in reading order. */
@NullMarked
package dev.agentloop.examples;

import org.jspecify.annotations.NullMarked;
