/** The API from which the example workers read events, and to which they publish. */
@NullMarked
package io.streamlocks.examples.api;

import org.jspecify.annotations.NullMarked;
