import java.util.Iterator;
import java.util.StringTokenizer;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import scala.Tuple2;

/** The words of a text as (word, 1). */
final class Words implements Iterator<String> {
    private final StringTokenizer tokens;

    private Words(String line) {
        tokens = new StringTokenizer(line);
    }

    static JavaPairRDD<String, Integer> ones(JavaRDD<String> lines) {
        return lines.flatMap(Words::new).mapToPair(word -> new Tuple2<>(word, 1));
    }

    @Override
    public boolean hasNext() {
        return tokens.hasMoreTokens();
    }

    @Override
    public String next() {
        return tokens.nextToken();
    }
}
