import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import scala.Tuple2;

/** Matches of PATTERN, counted with reduceByKey, then sorted by falling count. */
public final class Grep {
    private Grep() {}

    public static void main(String[] args) {
        Pattern pattern = Pattern.compile(System.getenv("PATTERN"), Pattern.UNIX_LINES);
        Session.run(args, lines -> lines
                .flatMap(line -> pattern.matcher(line)
                        .results()
                        .map(MatchResult::group)
                        .filter(match -> !match.isEmpty())
                        .iterator())
                .mapToPair(match -> new Tuple2<>(match, 1L))
                .reduceByKey(Long::sum)
                .mapToPair(Tuple2::swap)
                .sortByKey(false)
                .map(pair -> pair._2 + "\t" + pair._1));
    }
}
