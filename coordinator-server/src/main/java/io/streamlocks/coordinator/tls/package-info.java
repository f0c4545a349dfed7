/** The certificate of the server, from PEM files in the forms of certificate authorities and Kubernetes. */
@NullMarked
package io.streamlocks.coordinator.tls;

import org.jspecify.annotations.NullMarked;
