import java.util.List;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;

/** Lloyd's k-means: cached points, broadcast centroids, the points of a cluster added up by partition. */
public final class Kmeans {
    private Kmeans() {}

    public static void main(String[] args) {
        Session.run(args, lines -> {
            JavaRDD<double[]> points = Vectors.points(lines, Points.features(), 0);
            Clusters clusters = seeds(points);
            points.cache();
            for (int i = 0; i < Points.ITERATIONS; i++) {
                long started = System.nanoTime();
                int size = clusters.sumsSize();
                double[] sums = Vectors.total(points, clusters, size, (point, now, to) -> now.addTo(to, point));
                clusters = clusters.moved(sums);
                Iteration.report(started);
            }
            return Vectors.lines(lines, clusters.lines());
        });
    }

    /** From the head of the input, and more of it when points repeat. */
    private static Clusters seeds(JavaRDD<double[]> points) {
        for (int wanted = Clusters.K; ; wanted *= 10) {
            List<double[]> head = points.take(wanted);
            Optional<Clusters> seeds = Clusters.seeds(head.iterator());
            if (seeds.isPresent()) {
                return seeds.get();
            }
            if (head.size() < wanted) {
                throw new IllegalArgumentException("fewer than " + Clusters.K + " distinct points");
            }
        }
    }
}
