import java.io.IOException;
import java.util.Map;

/** A worker, and what became of it. */
final class Worker {

    private final int number;
    private final Started started;
    private String ownerId = "";
    private String end = "";

    Worker(int number, Started started) {
        this.number = number;
        this.started = started;
    }

    boolean isAtWork() {
        if (ownerId.isEmpty()) {
            started.find("worker (\\S+) is at work").ifPresent(id -> ownerId = id);
        }
        return !ownerId.isEmpty();
    }

    boolean isMember() {
        return end.isEmpty();
    }

    long held(Map<String, Long> held) {
        return held.getOrDefault(ownerId, 0L);
    }

    void stop() {
        end = "stopped";
        started.process().destroy();
    }

    void kill() {
        end = "killed";
        started.process().destroyForcibly();
    }

    void suspend() throws IOException, InterruptedException {
        end = "suspended";
        signal("STOP");
    }

    void resume() throws IOException, InterruptedException {
        end = "";
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        String pid = String.valueOf(started.process().pid());
        if (new ProcessBuilder("kill", "-" + name, pid).inheritIO().start().waitFor() != 0) {
            throw new IOException("Worker " + number + " has ended");
        }
    }

    int number() {
        return number;
    }

    String ownerId() {
        return ownerId;
    }

    String end() {
        return end;
    }

    String label() {
        return "worker " + number + (end.isEmpty() ? "" : ", " + end);
    }
}
