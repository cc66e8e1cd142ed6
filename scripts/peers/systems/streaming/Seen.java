import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a program has put out of a stream of events, and when: the files `seen` and `totals` that `scripts/latency`
 * reads. One for the whole JVM, in which all tasks run.
 */
final class Seen {
    private static final StringBuilder LINES = new StringBuilder();
    private static final Map<String, Long> TOTALS = new TreeMap<>();
    private static long events;

    private Seen() {}

    /** All events of these numbers are in the output now. */
    static synchronized void all(long first, long last) {
        line("*", first, last);
    }

    /** The events of a key up to this one are in the output now, `count` in all. */
    static synchronized void of(String key, long number, long count) {
        Long before = TOTALS.put(key, count);
        events += count - (before == null ? 0 : before);
        line(key, before == null || count - before > 1 ? 0 : number, number);
    }

    /** The count of a key in an output whose events are told by {@link #all}. */
    static synchronized void total(String key, long count) {
        Long before = TOTALS.put(key, count);
        events += count - (before == null ? 0 : before);
    }

    /** Events in the output. */
    static synchronized long events() {
        return events;
    }

    static synchronized void write() {
        StringBuilder totals = new StringBuilder();
        TOTALS.forEach((key, count) -> totals.append(key).append('\t').append(count).append('\n'));
        try {
            Files.writeString(Path.of("seen"), LINES);
            Files.writeString(Path.of("totals"), totals);
        } catch (IOException error) {
            throw new UncheckedIOException(error);
        }
    }

    private static void line(String key, long first, long last) {
        Instant now = Instant.now();
        LINES.append(now.getEpochSecond() * 1_000_000_000L + now.getNano());
        LINES.append('\t').append(key).append('\t').append(first).append('\t').append(last).append('\n');
    }
}
