import java.util.Iterator;
import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;

/** Points as arrays in an RDD, and sums over them. */
final class Vectors {
    /** Adds what a point contributes, given the broadcast state, to the sums. */
    interface Contribution<S> extends java.io.Serializable {
        void add(double[] point, S state, double[] sums);
    }

    private Vectors() {}

    /** The points of all lines but the header; their numbers from {@code first} on as z-scores, if asked for. */
    static JavaRDD<double[]> points(JavaRDD<String> lines, Points format, int first) {
        JavaRDD<String> data = lines;
        if (Points.HEADER) {
            String header = lines.first();
            data = lines.filter(line -> !line.equals(header));
        }
        JavaRDD<double[]> points = data.map(format::parse);
        return Points.STANDARDIZE ? standardized(points.cache(), format.size(lines.first()), first) : points;
    }

    private static JavaRDD<double[]> standardized(JavaRDD<double[]> points, int size, int first) {
        long count = points.count();
        double[] means = total(points, new double[size], size, Vectors::add);
        scale(means, count);
        double[] deviations = total(points, means, size, (point, mean, sums) -> {
            for (int i = first; i < size; i++) {
                sums[i] += (point[i] - mean[i]) * (point[i] - mean[i]);
            }
        });
        scale(deviations, count);
        return points.map(point -> {
            double[] scores = point.clone();
            for (int i = first; i < size; i++) {
                scores[i] = (point[i] - means[i]) / (deviations[i] == 0 ? 1 : Math.sqrt(deviations[i]));
            }
            return scores;
        });
    }

    /** The sum of what each point contributes: tasks add their points up, the driver adds the tasks' sums up. */
    static <S> double[] total(JavaRDD<double[]> points, S state, int size, Contribution<S> contribution) {
        Broadcast<S> broadcast = JavaSparkContext.fromSparkContext(points.context()).broadcast(state);
        double[] total = points
                .mapPartitions(partition -> {
                    S here = broadcast.value();
                    double[] sums = new double[size];
                    for (Iterator<double[]> left = partition; left.hasNext(); ) {
                        contribution.add(left.next(), here, sums);
                    }
                    return List.of(sums).iterator();
                })
                .reduce((one, other) -> {
                    add(other, null, one);
                    return one;
                });
        broadcast.destroy();
        return total;
    }

    private static void add(double[] point, double[] ignored, double[] sums) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += point[i];
        }
    }

    private static void scale(double[] sums, long count) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] /= count;
        }
    }

    /** The driver's own lines as an RDD, to be written like any. */
    static JavaRDD<String> lines(JavaRDD<?> sibling, List<String> lines) {
        return JavaSparkContext.fromSparkContext(sibling.context()).parallelize(lines, 1);
    }
}
