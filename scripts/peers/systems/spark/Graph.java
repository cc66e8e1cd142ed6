import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import scala.Tuple2;

/** Edges, a line {@code a TAB b} each, as every node's neighbours. */
final class Graph {
    private Graph() {}

    /** Every id with the distinct ids it has edges to, or edges in either direction. */
    static JavaPairRDD<String, String[]> links(JavaRDD<String> lines, boolean bothWays) {
        return lines
                .filter(line -> !line.isEmpty() && line.charAt(0) != '#')
                .flatMapToPair(line -> {
                    int tab = line.indexOf('\t');
                    String from = line.substring(0, tab);
                    String to = line.substring(tab + 1);
                    return List.of(new Tuple2<>(from, to), new Tuple2<>(to, bothWays ? from : null)).iterator();
                })
                .groupByKey()
                .mapValues(Graph::distinct);
    }

    private static String[] distinct(Iterable<String> neighbours) {
        Set<String> distinct = new HashSet<>();
        neighbours.forEach(distinct::add);
        distinct.remove(null);
        return distinct.toArray(String[]::new);
    }
}
