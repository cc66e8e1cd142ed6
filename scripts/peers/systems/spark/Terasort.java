import scala.Tuple2;

/** Records of 100 bytes with sortByKey on their first ten. The reader drops the carriage return at their end. */
public final class Terasort {
    private static final int KEY = 10;

    private Terasort() {}

    public static void main(String[] args) {
        Session.run(args, lines -> lines
                .mapToPair(line -> new Tuple2<>(line.substring(0, KEY), line.substring(KEY)))
                .sortByKey()
                .map(pair -> pair._1 + pair._2 + "\r"));
    }
}
