/**
 * What a model is sent: the bytes of items, the fixed fields before them, the ending after them, and how two prompts
 * differ. Not an API: free to change in any release.
 */
@NullMarked
package dev.agentloop.internal.prompt;

import org.jspecify.annotations.NullMarked;
