package io.streamlocks.coordinator.reload;

import java.util.List;

/** Reports a file that cannot be used. The problems name the place and the reason, and repeat no secret. */
public final class UnusableFileException extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient List<String> problems;

    /**
     * @param problems the problems, at least one
     */
    public UnusableFileException(List<String> problems) {
        super(String.join("; ", problems));
        this.problems = List.copyOf(problems);
    }

    /** Returns the problems, such as {@code line 3: role is missing}. */
    public List<String> problems() {
        return problems;
    }
}
