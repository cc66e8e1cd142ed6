import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaRDD;

/** The logistic regression of Spark's examples: cached points, broadcast weights, the gradient added up. */
public final class Logreg {
    private Logreg() {}

    public static void main(String[] args) {
        double rate = Double.parseDouble(System.getenv("LEARNING_RATE"));
        Session.run(args, lines -> {
            Points format = Points.labelled();
            JavaRDD<double[]> points = Vectors.points(lines, format, 1).cache();
            int size = format.size(lines.first());
            double[] weights = new double[size];
            for (int i = 0; i < Points.ITERATIONS; i++) {
                long started = System.nanoTime();
                double[] sums = Vectors.total(points, weights, size + 1, Logreg::addGradient);
                for (int j = 0; j < size; j++) {
                    weights[j] -= rate * sums[j] / sums[size];
                }
                Iteration.report(started);
            }
            List<String> answer = IntStream.range(0, size).mapToObj(j -> j + "\t" + weights[j]).toList();
            return Vectors.lines(lines, answer);
        });
    }

    /** The gradient of one point's loss; the last sum counts the points. */
    private static void addGradient(double[] point, double[] weights, double[] sums) {
        double score = weights[0];
        for (int j = 1; j < weights.length; j++) {
            score += weights[j] * point[j];
        }
        double error = 1 / (1 + Math.exp(-score)) - point[0];
        sums[0] += error;
        for (int j = 1; j < weights.length; j++) {
            sums[j] += error * point[j];
        }
        sums[weights.length]++;
    }
}
