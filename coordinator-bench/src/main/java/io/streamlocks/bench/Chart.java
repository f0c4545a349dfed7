package io.streamlocks.bench;

import java.util.List;
import java.util.Locale;

/** A bar chart as SVG. It has its own background, so it is readable on light and dark pages. */
final class Chart {

    private static final int LEFT = 190;
    private static final int LONGEST = 460;
    private static final int WIDTH = 760;
    private static final int ROW = 26;
    private static final int TOP = 64;

    private Chart() {}

    static String svg(List<Bar> bars) {
        double most = bars.stream().mapToDouble(Bar::perSecond).max().orElse(1);
        int height = TOP + bars.size() * ROW + 16;
        StringBuilder svg = new StringBuilder(String.format(Locale.ROOT, """
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img"
                  font-family="system-ui, sans-serif" font-size="13" fill="#24292f">
                <title>Acquire-release cycles per second</title>
                <rect width="100%%" height="100%%" rx="8" fill="#ffffff" stroke="#d0d7de"/>
                <text x="20" y="28" font-size="15" font-weight="600">Acquire-release cycles per second</text>
                <text x="20" y="47" fill="#57606a">median over rounds, one machine; more is better</text>
                """, WIDTH, height, WIDTH, height));
        for (int i = 0; i < bars.size(); i++) {
            Bar bar = bars.get(i);
            int y = TOP + i * ROW;
            double length = most > 0 ? bar.perSecond() / most * LONGEST : 0;
            String color = bar.contender().equals("coordinator") ? "#0969da" : "#8c959f";
            svg.append(String.format(
                    Locale.ROOT,
                    """
                    <text x="%d" y="%d" text-anchor="end">%s, %d worker%s</text>
                    <rect x="%d" y="%d" width="%.1f" height="%d" rx="2" fill="%s"/>
                    <text x="%.1f" y="%d">%,.0f%s</text>
                    """,
                    LEFT - 10,
                    y + 15,
                    bar.contender(),
                    bar.workers(),
                    bar.workers() == 1 ? "" : "s",
                    LEFT,
                    y + 2,
                    length,
                    ROW - 8,
                    color,
                    LEFT + length + 8,
                    y + 15,
                    bar.perSecond(),
                    bar.flagged() ? " (with errors)" : ""));
        }
        return svg.append("</svg>\n").toString();
    }
}
