/** A worker with Spring Boot. */
@NullMarked
package io.streamlocks.examples.spring;

import org.jspecify.annotations.NullMarked;
