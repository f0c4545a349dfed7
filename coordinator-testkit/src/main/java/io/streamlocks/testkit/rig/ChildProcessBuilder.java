package io.streamlocks.testkit.rig;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The properties of a process. A builder is not thread-safe. */
public final class ChildProcessBuilder {

    final List<String> command;
    String name;
    Map<String, String> environment = Map.of();
    boolean inheritsEnvironment = true;

    @Nullable
    Path out;

    @Nullable
    Path err;

    ChildProcessBuilder(List<String> command) {
        this.command = command;
        this.name = Path.of(command.get(0)).getFileName().toString();
    }

    /** Sets the name in messages. It is the name of the program otherwise. */
    public ChildProcessBuilder name(String to) {
        name = to;
        return this;
    }

    /** Adds these variables to the environment of this JVM. */
    public ChildProcessBuilder environment(Map<String, String> variables) {
        environment = variables;
        inheritsEnvironment = true;
        return this;
    }

    /** Sets the whole environment. */
    public ChildProcessBuilder onlyEnvironment(Map<String, String> variables) {
        environment = variables;
        inheritsEnvironment = false;
        return this;
    }

    /** Appends what the process writes to stdout and stderr to one file. */
    public ChildProcessBuilder log(Path file) {
        return log(file, file);
    }

    /** Appends what the process writes to stdout and stderr to two files. Both are temporary files otherwise. */
    public ChildProcessBuilder log(Path stdout, Path stderr) {
        out = stdout;
        err = stderr;
        return this;
    }

    /** Returns a process that is not started. */
    public ChildProcess build() throws IOException {
        return new ChildProcess(this);
    }

    /**
     * Returns a process that is started.
     *
     * @throws IOException if there is no such program
     */
    public ChildProcess start() throws IOException {
        ChildProcess child = build();
        child.start();
        return child;
    }
}
