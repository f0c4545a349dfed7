package io.streamlocks.coordinator.reload;

import java.util.List;

/** A file that cannot be used. Its problems tell where and why; they repeat nothing of a file that holds secrets. */
public final class UnusableFileException extends Exception {

    private static final long serialVersionUID = 1L;

    private final transient List<String> problems;

    /**
     * @param problems what is wrong, at least one
     */
    public UnusableFileException(List<String> problems) {
        super(String.join("; ", problems));
        this.problems = List.copyOf(problems);
    }

    /** What is wrong, as in {@code line 3: role is missing}. */
    public List<String> problems() {
        return problems;
    }
}
