/** How repeated errors are logged, how text from outside is made safe, and the exit when memory has run out. */
@NullMarked
package io.streamlocks.coordinator.log;

import org.jspecify.annotations.NullMarked;
