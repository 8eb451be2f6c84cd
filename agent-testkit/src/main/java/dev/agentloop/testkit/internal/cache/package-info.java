/** Requests as a provider's prompt cache sees them, and what its machines keep of them. */
@NullMarked
package dev.agentloop.testkit.internal.cache;

import org.jspecify.annotations.NullMarked;
