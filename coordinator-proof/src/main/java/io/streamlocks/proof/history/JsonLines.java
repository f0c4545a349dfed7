package io.streamlocks.proof.history;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** A file with one record per line. An appended record survives the death of the process. This class is thread-safe. */
public final class JsonLines implements AutoCloseable {

    private static final JsonMapper JSON = JsonMapper.builder()
            .defaultPropertyInclusion(
                    JsonInclude.Value.construct(JsonInclude.Include.NON_DEFAULT, JsonInclude.Include.ALWAYS))
            .build();

    private final OutputStream out;

    /** Opens a file for appending. */
    public JsonLines(Path file) throws IOException {
        out = new FileOutputStream(file.toFile(), true);
    }

    /** Appends records in one write. */
    public void append(List<?> records) throws IOException {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        for (Object one : records) {
            lines.writeBytes(JSON.writeValueAsBytes(one));
            lines.write('\n');
        }
        synchronized (this) {
            out.write(lines.toByteArray());
        }
    }

    @Override
    public synchronized void close() throws IOException {
        out.close();
    }

    /** Replaces a file. */
    public static void write(Path file, List<?> records) throws IOException {
        Files.deleteIfExists(file);
        try (JsonLines lines = new JsonLines(file)) {
            lines.append(records);
        }
    }

    /** Deletes all files of records in a directory. */
    public static void deleteAll(Path directory) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(directory)) {
            files = all.filter(file -> file.toString().endsWith(".jsonl")).toList();
        }
        for (Path file : files) {
            Files.delete(file);
        }
    }

    /**
     * Reads a file. A missing file has no records. A torn last line is left out: its writer was killed.
     *
     * @param file the file
     * @param type the type of the records
     * @param wanted selects lines before they are parsed
     * @param to receives each record
     * @throws IOException if the file cannot be read, or a complete line is not such a record
     */
    public static <T> void read(Path file, Class<T> type, Predicate<String> wanted, Consumer<T> to) throws IOException {
        if (!Files.exists(file)) {
            return;
        }
        ObjectReader reader = JSON.readerFor(type);
        try (BufferedReader lines = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
            String line = lines.readLine();
            while (line != null) {
                String next = lines.readLine();
                if (wanted.test(line)) {
                    try {
                        to.accept(reader.readValue(line));
                    } catch (JsonProcessingException e) {
                        if (next != null) {
                            throw new IOException("In " + file + ": " + line, e);
                        }
                    }
                }
                line = next;
            }
        }
    }
}
