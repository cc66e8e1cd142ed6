import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaPairRDD;
import scala.Tuple2;

/** The PageRank of Spark's examples, with ranks that sum to 1: what dangling nodes hold is spread over all. */
public final class Pagerank {
    private static final double DAMPING = Double.parseDouble(System.getenv("DAMPING"));

    private Pagerank() {}

    public static void main(String[] args) {
        int iterations = Integer.parseInt(System.getenv("ITERATIONS"));
        Session.runWithKryo(args, lines -> {
            JavaPairRDD<String, String[]> links = Graph.links(lines, false).cache();
            long nodes = links.count();
            JavaPairRDD<String, Double> ranks = links.mapValues(neighbours -> 1.0 / nodes);
            JavaPairRDD<String, Double> before = ranks;
            for (int i = 0; i < iterations; i++) {
                long started = System.nanoTime();
                JavaPairRDD<String, Double> received =
                        links.join(ranks).flatMapToPair(Pagerank::given).reduceByKey(Double::sum).cache();
                // Ranks sum to 1, and dangling nodes give nothing.
                double dangling = 1 - received.values().reduce(Double::sum);
                double everyone = (1 - DAMPING) / nodes + DAMPING * dangling / nodes;
                ranks = received.mapValues(sum -> everyone + DAMPING * sum);
                before.unpersist();
                before = received;
                Iteration.report(started);
            }
            return ranks.map(rank -> rank._1 + "\t" + rank._2);
        });
    }

    /** An equal share of a node's rank to each neighbour, and nothing to itself, so that no node is lost. */
    private static Iterator<Tuple2<String, Double>> given(Tuple2<String, Tuple2<String[], Double>> node) {
        String[] neighbours = node._2._1;
        double share = node._2._2 / neighbours.length;
        List<Tuple2<String, Double>> given = new ArrayList<>(neighbours.length + 1);
        given.add(new Tuple2<>(node._1, 0.0));
        for (String neighbour : neighbours) {
            given.add(new Tuple2<>(neighbour, share));
        }
        return given.iterator();
    }
}
