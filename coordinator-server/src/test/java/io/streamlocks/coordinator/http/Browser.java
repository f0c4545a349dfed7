package io.streamlocks.coordinator.http;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.logging.Level;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.WindowType;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/** The installed Chromium with a profile of its own, used like a person uses it: with mouse, keyboard and eyes. */
final class Browser implements AutoCloseable {

    private static final Optional<Path> CHROMIUM = installed("chromium");
    private static final Optional<Path> DRIVER = installed("chromedriver");
    private static final ObjectMapper MAPPER = new ObjectMapper();

    private final ChromeDriver driver;

    /**
     * Starts the browser.
     *
     * @param profile an empty folder
     */
    Browser(Path profile) {
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        logs.enable(LogType.PERFORMANCE, Level.ALL);
        ChromeOptions options = new ChromeOptions();
        options.setBinary(CHROMIUM.orElseThrow().toFile());
        options.setCapability(ChromeOptions.LOGGING_PREFS, logs);
        options.addArguments(
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--user-data-dir=" + profile);
        ChromeDriverService service = new ChromeDriverService.Builder()
                .usingDriverExecutable(DRIVER.orElseThrow().toFile())
                .usingAnyFreePort()
                .build();
        this.driver = new ChromeDriver(service, options);
        driver.manage().timeouts().pageLoadTimeout(Duration.ofSeconds(30));
    }

    /** Returns whether this machine has a Chromium and its driver. */
    static boolean isInstalled() {
        return CHROMIUM.isPresent() && DRIVER.isPresent();
    }

    private static Optional<Path> installed(String command) {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(Pattern.quote(File.pathSeparator)))
                .map(folder -> Path.of(folder, command))
                .filter(path -> path.toFile().canExecute())
                .findFirst();
    }

    /** Opens a page with an inner size. */
    void open(String url, int width, int height) {
        resize(width, height);
        driver.get(url);
    }

    void resize(int width, int height) {
        cdp(
                "Emulation.setDeviceMetricsOverride",
                Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", false));
        driver.manage().window().setSize(new Dimension(Math.max(500, width), height));
    }

    /** Sets media features, as in {@code prefers-color-scheme}. */
    void prefer(String feature, String value) {
        cdp("Emulation.setEmulatedMedia", Map.of("features", List.of(Map.of("name", feature, "value", value))));
    }

    private void cdp(String command, Map<String, Object> parameters) {
        driver.executeCdpCommand(command, parameters);
    }

    void reload() {
        driver.navigate().refresh();
    }

    String address() {
        return driver.getCurrentUrl();
    }

    /** Returns the visible text of an element. */
    String text(String css) {
        return driver.findElement(By.cssSelector(css)).getText();
    }

    /** Returns the exact content of each element, visible or not. */
    @SuppressWarnings("unchecked")
    List<String> texts(String css) {
        return (List<String>)
                run("return [...document.querySelectorAll(arguments[0])].map(one => one.textContent)", css);
    }

    boolean isShown(String css) {
        return driver.findElements(By.cssSelector(css)).stream().anyMatch(WebElement::isDisplayed);
    }

    void click(String css) {
        driver.findElement(By.cssSelector(css)).click();
    }

    /** Replaces the text of a field. */
    void fill(String css, String text) {
        WebElement field = driver.findElement(By.cssSelector(css));
        field.sendKeys(Keys.chord(Keys.CONTROL, "a"), Keys.DELETE);
        field.sendKeys(text);
    }

    /** Types into the element that has the focus. */
    void press(CharSequence... keys) {
        new Actions(driver).sendKeys(keys).perform();
    }

    /** Returns what has the focus: its id, or its accessible name if it has none. */
    String focus() {
        return (String) run("const one = document.activeElement;"
                + " return one.id || one.getAttribute('aria-label') || one.textContent.trim() || one.tagName");
    }

    Object run(String script, Object... arguments) {
        return driver.executeScript(script, arguments);
    }

    /** Returns what a screen reader reads: the nodes of the accessibility tree. */
    List<JsonNode> accessibility() {
        driver.executeCdpCommand("Accessibility.enable", Map.of());
        JsonNode tree = MAPPER.valueToTree(driver.executeCdpCommand("Accessibility.getFullAXTree", Map.of()));
        List<JsonNode> nodes = new ArrayList<>();
        tree.path("nodes").forEach(nodes::add);
        return nodes;
    }

    /** Does something in another tab, which hides this one meanwhile. */
    void inAnotherTab(Runnable action) {
        String tab = driver.getWindowHandle();
        driver.switchTo().newWindow(WindowType.TAB);
        action.run();
        driver.close();
        driver.switchTo().window(tab);
    }

    byte[] screenshot() {
        return driver.getScreenshotAs(OutputType.BYTES);
    }

    /** Returns the complaints of the console since the last call, without those about calls that failed. */
    List<String> complaints() {
        return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
                .map(entry -> entry.getLevel() + " " + entry.getMessage())
                .filter(line -> !line.contains("Failed to load resource: "))
                .toList();
    }

    /** Returns the requests since the last call, without those of the start page of Chromium. */
    List<JsonNode> requests() {
        List<JsonNode> requests = new ArrayList<>();
        driver.manage().logs().get(LogType.PERFORMANCE).forEach(entry -> {
            JsonNode event = json(entry.getMessage()).path("message");
            if (event.path("method").asText().equals("Network.requestWillBeSent")
                    && !event.path("params").path("documentURL").asText().startsWith("chrome:")) {
                requests.add(event.path("params").path("request"));
            }
        });
        return requests;
    }

    private static JsonNode json(String text) {
        try {
            return MAPPER.readTree(text);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        driver.quit();
    }
}
