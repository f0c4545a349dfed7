/**
 * The transport below the API, built on Jetty: ports, TLS, connections, request bodies, clients that are slow or too
 * many, and the identity of each call. Only this package uses Jetty.
 *
 * <p>{@code http} depends on this package and not the other way round. {@link
 * io.streamlocks.coordinator.http.jetty.Transport} takes what the API decides (who is let in, the limits of a route, how some calls are handled, the routes that
 * bypass the framework,
 * the body of an error) as functions, so this package contains no routes, no JSON, and nothing about leases.
 */
@NullMarked
package io.streamlocks.coordinator.http.jetty;

import org.jspecify.annotations.NullMarked;
