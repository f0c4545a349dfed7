import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** Draws the streams of each worker as areas on top of each other. It has its own background, for dark pages. */
final class Chart {

    private static final int WIDTH = 960;
    private static final int HEIGHT = 488;
    private static final int LEFT = 64;
    private static final int RIGHT = 780;
    private static final int TOP = 106;
    private static final int BOTTOM = 438;
    private static final int ROW = 18;
    private static final List<String> COLORS = List.of(
            "#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377", "#ee8866", "#44bb99", "#99aa22",
            "#7788dd", "#cc7799", "#997755");

    private final int streams;
    private final List<Sample> samples;
    private final Instant begin;
    private final double seconds;
    private final StringBuilder svg = new StringBuilder();

    private Chart(int streams, List<Sample> samples) {
        this.streams = streams;
        this.samples = samples;
        begin = samples.get(0).time();
        seconds = secondsAt(samples.get(samples.size() - 1).time());
    }

    static String svg(int streams, List<Worker> workers, List<Sample> samples, List<Change> changes) {
        Chart chart = new Chart(streams, samples);
        chart.frame();
        chart.areas(workers);
        chart.axes();
        chart.marks(changes);
        chart.legend(workers);
        return chart.svg.append("</svg>\n").toString();
    }

    private void frame() {
        draw("""
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img"
                  font-family="system-ui, sans-serif" font-size="12" fill="#24292f">
                <title>Streams of each worker over time</title>
                <rect width="100%%" height="100%%" rx="8" fill="#ffffff" stroke="#d0d7de"/>
                <text x="20" y="28" font-size="15" font-weight="600">Streams of each worker over time</text>
                <rect x="%d" y="%d" width="%d" height="%d" fill="#e4e7eb"/>
                """, WIDTH, HEIGHT, WIDTH, HEIGHT, LEFT, TOP, RIGHT - LEFT, BOTTOM - TOP);
    }

    private void areas(List<Worker> workers) {
        long[] below = new long[samples.size()];
        for (int i = 0; i < workers.size(); i++) {
            long[] above = below.clone();
            for (int j = 0; j < above.length; j++) {
                above[j] += workers.get(i).held(samples.get(j).held());
            }
            draw("<path d=\"%sZ\" fill=\"%s\"/>\n", steps(above, "M", true) + steps(below, "L", false), color(i));
            below = above;
        }
    }

    /** Each count holds until the next sample. Most samples are like those before them, and are left out. */
    private String steps(long[] counts, String first, boolean isForward) {
        List<String> points = new ArrayList<>();
        for (int i = 0; i < counts.length; i++) {
            if (i == 0 || counts[i] != counts[i - 1]) {
                if (i > 0) {
                    points.add(point(i, counts[i - 1]));
                }
                points.add(point(i, counts[i]));
            }
        }
        points.add(point(counts.length - 1, counts[counts.length - 1]));
        if (!isForward) {
            Collections.reverse(points);
        }
        return first + String.join("L", points);
    }

    private String point(int sample, long count) {
        return String.format(Locale.ROOT, "%.1f %.1f", x(samples.get(sample).time()), y(count));
    }

    private void axes() {
        for (long count : ticks(streams, 6)) {
            draw("<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d</text>\n", LEFT - 8, y(count) + 4, count);
            draw("<path d=\"M%d %.1fH%d\" stroke=\"#57606a\"/>\n", LEFT - 4, y(count), LEFT);
        }
        for (long second : ticks((long) seconds, 10)) {
            double x = LEFT + second / seconds * (RIGHT - LEFT);
            draw("<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%d</text>\n", x, BOTTOM + 18, second);
            draw("<path d=\"M%.1f %dV%d\" stroke=\"#57606a\"/>\n", x, BOTTOM, BOTTOM + 4);
        }
        int middle = (TOP + BOTTOM) / 2;
        draw("<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">seconds</text>\n", (LEFT + RIGHT) / 2, BOTTOM + 38);
        draw("<text transform=\"translate(20 %d) rotate(-90)\" text-anchor=\"middle\">streams</text>\n", middle);
    }

    /** Labels that would overlap are in another row. */
    private void marks(List<Change> changes) {
        double[] ends = new double[3];
        for (Change change : changes) {
            double x = x(change.time());
            int row = IntStream.range(0, ends.length)
                    .filter(one -> ends[one] < x)
                    .findFirst()
                    .orElse(ends.length - 1);
            ends[row] = x + 8 * change.label().length();
            int y = TOP - 8 - row * ROW;
            draw("<path d=\"M%.1f %dV%d\" stroke=\"#24292f\" stroke-dasharray=\"3 2\"/>\n", x, y - 10, BOTTOM);
            draw("<text x=\"%.1f\" y=\"%d\">%s</text>\n", x + 4, y, change.label());
        }
    }

    /** The legend is in the order of the areas. */
    private void legend(List<Worker> workers) {
        int y = TOP;
        legend(y, "#e4e7eb", "no holder");
        for (int i = workers.size() - 1; i >= 0; i--) {
            y += ROW;
            legend(y, color(i), workers.get(i).label());
        }
    }

    private void legend(int y, String color, String label) {
        draw("<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" fill=\"%s\"/>\n", RIGHT + 20, y, color);
        draw("<text x=\"%d\" y=\"%d\">%s</text>\n", RIGHT + 40, y + 10, label);
    }

    private static String color(int worker) {
        return COLORS.get(worker % COLORS.size());
    }

    private static Collection<Long> ticks(long most, int count) {
        long step = Stream.iterate(1L, power -> power * 10)
                .flatMap(power -> Stream.of(power, 2 * power, 5 * power))
                .filter(one -> most / one <= count)
                .findFirst()
                .orElseThrow();
        return Stream.iterate(0L, tick -> tick <= most, tick -> tick + step).toList();
    }

    private double secondsAt(Instant time) {
        return Duration.between(begin, time).toMillis() / 1000.0;
    }

    private double x(Instant time) {
        return LEFT + secondsAt(time) / seconds * (RIGHT - LEFT);
    }

    private double y(long count) {
        return BOTTOM - (double) count / streams * (BOTTOM - TOP);
    }

    private void draw(String format, Object... values) {
        svg.append(String.format(Locale.ROOT, format, values));
    }
}
