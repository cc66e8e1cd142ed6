import java.util.Locale;
import java.util.function.Consumer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The runs of letters of a line, in lower case. */
final class Terms {
    private static final Pattern WORD = Pattern.compile("[A-Za-z]+");

    private Terms() {}

    static void each(String line, Consumer<String> term) {
        Matcher words = WORD.matcher(line);
        while (words.find()) {
            term.accept(words.group().toLowerCase(Locale.ROOT));
        }
    }
}
