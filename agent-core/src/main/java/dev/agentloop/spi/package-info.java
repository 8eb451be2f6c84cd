/** What a store of conversations implements, and the two stores that come with the library. */
@NullMarked
package dev.agentloop.spi;

import org.jspecify.annotations.NullMarked;
