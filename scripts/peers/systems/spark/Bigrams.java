import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import scala.Tuple2;

/** Pairs of neighbours, and reduceByKey. */
public final class Bigrams {
    private static final Pattern WORD = Pattern.compile("[A-Za-z]+");

    private Bigrams() {}

    public static void main(String[] args) {
        Session.run(args, lines -> lines.flatMap(line -> pairs(line).iterator())
                .mapToPair(pair -> new Tuple2<>(pair, 1L))
                .reduceByKey(Long::sum)
                .map(pair -> pair._1 + "\t" + pair._2));
    }

    private static List<String> pairs(String line) {
        List<String> pairs = new ArrayList<>();
        Matcher words = WORD.matcher(line);
        String before = null;
        while (words.find()) {
            String word = words.group().toLowerCase(Locale.ROOT);
            if (before != null) {
                pairs.add(before + " " + word);
            }
            before = word;
        }
        return pairs;
    }
}
