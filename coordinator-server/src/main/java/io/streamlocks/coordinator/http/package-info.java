/**
 * The REST API: routes, the records of requests and responses, and problems. {@code openapi.yaml} is its contract; the
 * routes are written by hand and held against it by tests. This package knows the lock protocol, and neither storage
 * nor configuration.
 */
package io.streamlocks.coordinator.http;
