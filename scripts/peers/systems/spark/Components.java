import java.util.Arrays;
import java.util.Iterator;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.Optional;
import scala.Tuple2;

/**
 * Connected components as GraphX computes them, on plain RDDs: a node takes the smallest label among its neighbours',
 * and tells its own when it has changed, until none has.
 */
public final class Components {
    private Components() {}

    public static void main(String[] args) {
        Session.runWithKryo(args, lines -> {
            JavaPairRDD<String, String[]> links = Graph.links(lines, true).cache();
            // A node's label, and whether it is news.
            JavaPairRDD<String, Tuple2<String, Boolean>> labels =
                    links.mapPartitionsToPair(Components::ownIds, true).cache();
            for (long changed = labels.count(); changed > 0; ) {
                long started = System.nanoTime();
                JavaPairRDD<String, String> told = links
                        .join(labels.filter(label -> label._2._2))
                        .flatMapToPair(Components::told)
                        .reduceByKey(Components::smaller);
                JavaPairRDD<String, Tuple2<String, Boolean>> next =
                        labels.leftOuterJoin(told).mapValues(label -> updated(label._1._1, label._2)).cache();
                changed = next.filter(label -> label._2._2).count();
                labels.unpersist();
                labels = next;
                Iteration.report(started);
            }
            return labels.map(label -> label._1 + "\t" + label._2._1);
        });
    }

    private static Iterator<Tuple2<String, Tuple2<String, Boolean>>> ownIds(
            Iterator<Tuple2<String, String[]>> nodes) {
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return nodes.hasNext();
            }

            @Override
            public Tuple2<String, Tuple2<String, Boolean>> next() {
                String id = nodes.next()._1;
                return new Tuple2<>(id, new Tuple2<>(id, true));
            }
        };
    }

    private static Iterator<Tuple2<String, String>> told(
            Tuple2<String, Tuple2<String[], Tuple2<String, Boolean>>> node) {
        String label = node._2._2._1;
        return Arrays.stream(node._2._1).map(neighbour -> new Tuple2<>(neighbour, label)).iterator();
    }

    private static Tuple2<String, Boolean> updated(String label, Optional<String> told) {
        boolean changed = told.isPresent() && told.get().compareTo(label) < 0;
        return new Tuple2<>(changed ? told.get() : label, changed);
    }

    private static String smaller(String one, String other) {
        return one.compareTo(other) <= 0 ? one : other;
    }
}
