/** The certificate of the server, from PEM files in the forms of certificate authorities and Kubernetes. */
package io.streamlocks.coordinator.tls;
