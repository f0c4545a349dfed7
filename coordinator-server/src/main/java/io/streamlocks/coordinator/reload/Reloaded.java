package io.streamlocks.coordinator.reload;

import io.streamlocks.coordinator.log.RepeatedErrorLog;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * A value that is made of one or more small files, and made again when one of them changes. If that fails, the previous
 * value stays in use.
 *
 * <p>This class compares the content of the files. Their modification times have no meaning behind the links of a
 * mounted secret, and may not change when a file is written twice within a moment.
 *
 * <p>This class is thread-safe.
 *
 * @param <T> the type of the value
 */
public final class Reloaded<T> {

    private static final Logger LOG = LoggerFactory.getLogger(Reloaded.class);
    private static final int MAX_BYTES = 16 * 1024 * 1024;
    private static final byte[] MARK = {(byte) 0xEF, (byte) 0xBB, (byte) 0xBF};

    /**
     * Makes a value of files.
     *
     * @param <T> the type of the value
     */
    public interface Maker<T> {
        /**
         * Makes the value.
         *
         * @param contents the content of each file, in their order, without the byte order mark of UTF-8
         * @throws UnusableFileException if the content cannot be used
         */
        T make(List<byte[]> contents) throws UnusableFileException;
    }

    private final String name;
    private final List<Path> files;
    private final Maker<T> maker;
    private final RepeatedErrorLog errors = new RepeatedErrorLog(LOG, System::nanoTime);
    private final List<Consumer<T>> listeners = new CopyOnWriteArrayList<>();

    /** The content that {@link #current} was made of. It is guarded by this. */
    private List<byte[]> contents;

    private volatile T current;

    private volatile boolean failing;

    /**
     * Reads the files.
     *
     * @param name what the files contain, for the log
     * @param files the files
     * @param maker makes the value
     * @throws UnusableFileException if a file cannot be read, or the content cannot be used
     */
    public Reloaded(String name, List<Path> files, Maker<T> maker) throws UnusableFileException {
        this.name = name;
        this.files = List.copyOf(files);
        this.maker = maker;
        this.contents = read();
        this.current = maker.make(contents);
    }

    /** Returns the current value. */
    public T get() {
        return current;
    }

    /** Returns whether the current files cannot be used, so that the previous value is in use. */
    public boolean isFailing() {
        return failing;
    }

    /**
     * Adds a listener for new values. It receives each value before {@link #get} returns it, and may reject the value
     * by an exception.
     */
    public void onChange(Consumer<T> listener) {
        listeners.add(listener);
    }

    /** Makes the value again if a file has changed. Never throws: failures are logged, at most once in 30 s. */
    public synchronized void reload() {
        try {
            List<byte[]> read = read();
            if (isSame(read, contents)) {
                failing = false;
                return;
            }
            T made = maker.make(read);
            listeners.forEach(listener -> listener.accept(made));
            current = made;
            contents = read;
            failing = false;
            LOG.info("Reloaded {}", name);
        } catch (UnusableFileException e) {
            keep(String.join("; ", e.problems()), Optional.empty());
        } catch (RuntimeException | Error e) {
            keep(e.toString(), Optional.of(e));
        }
    }

    private void keep(String reason, Optional<Throwable> error) {
        failing = true;
        errors.log(
                Level.WARN,
                reason,
                "The new " + name + " cannot be used. The previous one stays in use: " + reason,
                error);
    }

    private List<byte[]> read() throws UnusableFileException {
        List<byte[]> read = new ArrayList<>();
        for (Path file : files) {
            try (InputStream in = Files.newInputStream(file)) {
                byte[] content = in.readNBytes(MAX_BYTES + 1);
                if (content.length > MAX_BYTES) {
                    throw new UnusableFileException(List.of(file + " is larger than " + MAX_BYTES + " bytes"));
                }
                read.add(withoutMark(content));
            } catch (NoSuchFileException e) {
                throw new UnusableFileException(List.of(file + " does not exist"));
            } catch (IOException e) {
                throw new UnusableFileException(List.of(file + " cannot be read: " + e.getMessage()));
            }
        }
        return read;
    }

    /** Removes the byte order mark, which editors on Windows write at the beginning of UTF-8. */
    private static byte[] withoutMark(byte[] content) {
        boolean isMarked =
                content.length >= MARK.length && Arrays.equals(content, 0, MARK.length, MARK, 0, MARK.length);
        return isMarked ? Arrays.copyOfRange(content, MARK.length, content.length) : content;
    }

    private static boolean isSame(List<byte[]> one, List<byte[]> other) {
        return Arrays.deepEquals(one.toArray(), other.toArray());
    }
}
