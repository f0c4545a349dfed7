/** The certificate that the server shows, from PEM files as certificate authorities and Kubernetes write them. */
package io.streamlocks.coordinator.tls;
