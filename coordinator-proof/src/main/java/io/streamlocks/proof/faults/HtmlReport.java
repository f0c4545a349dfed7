package io.streamlocks.proof.faults;

import java.util.List;
import java.util.Locale;

/** The report on all runs as an HTML page, with links to the {@link Timeline} of each run. */
final class HtmlReport {

    private HtmlReport() {}

    /**
     * Returns the page.
     *
     * @param markdown the report on all runs together
     * @param results the runs, each of which has its own page
     */
    static String of(String markdown, List<RunResult> results) {
        StringBuilder body = new StringBuilder();
        body.append("<pre>").append(escaped(markdown)).append("</pre>\n<h2>Timelines</h2>\n<ul>\n");
        results.forEach(result -> body.append(String.format(
                Locale.ROOT,
                "<li><a href=\"%s/%s\">%s</a>, %d violations</li>\n",
                escaped(result.name()),
                Timeline.FILE,
                escaped(result.name()),
                result.check().violations().size())));
        return page("Proof under faults", body.append("</ul>\n").toString());
    }

    static String page(String title, String body) {
        return String.format(Locale.ROOT, """
                <!doctype html><html lang="en"><meta charset="utf-8"><title>%1$s</title>
                <style>body{font:14px system-ui,sans-serif;margin:2em;max-width:75em}pre{background:#f4f4f4;padding:1em;overflow:auto}
                svg{display:block;margin:1em 0}svg text{font:9px system-ui,sans-serif}</style>
                <h1>%1$s</h1>
                %2$s</html>
                """, escaped(title), body);
    }

    static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
