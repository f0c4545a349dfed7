/**
 * The Java client in Spring Boot 3.5 and 4. {@link io.streamlocks.spring.StreamLockAutoConfiguration} makes the client
 * from the properties that begin with {@code stream-locks}. docs/spring.md describes it for users.
 *
 * <p>Each library that an application may lack has a configuration of its own here, which Spring loads only if the
 * library is there: the health of Spring Boot 3, the health of Spring Boot 4, Micrometer and Spring Integration.
 */
@NullMarked
package io.streamlocks.spring;

import org.jspecify.annotations.NullMarked;
