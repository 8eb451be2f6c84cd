/** What a store of conversations implements, and what it is given and throws. */
@NullMarked
package dev.agentloop.spi;

import org.jspecify.annotations.NullMarked;
