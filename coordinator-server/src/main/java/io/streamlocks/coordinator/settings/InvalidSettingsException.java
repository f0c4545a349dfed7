package io.streamlocks.coordinator.settings;

import java.util.List;

/** Reports settings that cannot be used. The message lists every problem on a line of its own. */
public final class InvalidSettingsException extends Exception {

    private static final long serialVersionUID = 1L;

    InvalidSettingsException(List<String> problems) {
        super(String.join(System.lineSeparator(), problems));
    }
}
