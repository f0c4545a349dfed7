package io.streamlocks.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReportTest {

    @TempDir
    private Path directory;

    private final Measurement jdbc = measurement("jdbc", sample(1000, 0), sample(3000, 0), sample(2000, 0));
    private final Measurement coordinator = measurement("coordinator", sample(900, 0), sample(1100, 0));

    @Test
    void figuresAreMediansAndRatiosAreToDirectJdbc() throws Exception {
        report(coordinator, jdbc).write(directory);

        JsonNode json = new ObjectMapper()
                .readTree(directory.resolve("results.json").toFile())
                .path("measurements");
        assertThat(json).hasSize(2);
        assertThat(json.get(1).path("median").path("perSecond").asDouble()).isEqualTo(2000);
        assertThat(json.get(0).path("median").path("perSecond").asDouble()).isEqualTo(1000);
        assertThat(json.get(0).path("perSecondToJdbc").asDouble()).isEqualTo(0.5, within(1e-9));
        assertThat(json.get(0).path("rounds")).hasSize(2);
    }

    @Test
    void aMeasurementWithErrorsIsFlagged() throws Exception {
        Measurement failing = measurement("etcd", sample(500, 2));
        Report report = report(jdbc, failing);
        ByteArrayOutputStream table = new ByteArrayOutputStream();

        report.print(new PrintStream(table, true, StandardCharsets.UTF_8));
        report.write(directory);

        assertThat(report.isWithoutErrors()).isFalse();
        assertThat(report(jdbc, coordinator).isWithoutErrors()).isTrue();
        assertThat(table.toString(StandardCharsets.UTF_8))
                .contains("2 !")
                .contains("ERROR in cycles of etcd with 64 workers: no answer")
                .contains("a remark");
        assertThat(Files.readString(directory.resolve("chart.svg"))).contains("500 (with errors)");
    }

    @Test
    void theChartIsXmlWithOneBarForEachMeasurement() throws Exception {
        report(jdbc, coordinator).write(directory);

        int rectangles = DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(directory.resolve("chart.svg").toFile())
                .getElementsByTagName("rect")
                .getLength();
        assertThat(rectangles).as("the ground and the bars").isEqualTo(3);
    }

    private static Report report(Measurement... measurements) throws Options.UsageException {
        return new Report(Map.of("fsync", "on"), Options.parse(), List.of(measurements), List.of("a remark"));
    }

    private static Measurement measurement(String contender, Sample... samples) {
        return new Measurement("cycles", contender, contender, 64, () -> null, List.of(samples));
    }

    private static Sample sample(double perSecond, long errors) {
        return new Sample(perSecond, 2, 3, 1, 2, 0, errors, errors == 0 ? List.of() : List.of("no answer"));
    }
}
