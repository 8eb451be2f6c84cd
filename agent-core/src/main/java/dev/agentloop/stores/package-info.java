/** The two stores of conversations that come with the library: in files, and in memory. */
@NullMarked
package dev.agentloop.stores;

import org.jspecify.annotations.NullMarked;
