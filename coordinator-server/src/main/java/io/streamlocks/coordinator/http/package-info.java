/**
 * The REST API: routes, requests, responses and problems. {@code openapi.yaml} is its contract. The routes are written
 * by hand, and tests compare them with the contract. This package uses the lock protocol, and neither storage nor
 * settings. It uses Jetty only through {@code http.jetty}.
 */
@NullMarked
package io.streamlocks.coordinator.http;

import org.jspecify.annotations.NullMarked;
