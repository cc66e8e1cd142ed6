import java.util.ArrayList;
import java.util.List;

/** Logistic regression by gradient descent, a job an iteration. */
public final class Logreg {
    public static final class Gradient extends Totals.Adder {
        /** The last sum counts the points. */
        @Override
        int sums(int pointSize) {
            return pointSize + 1;
        }

        @Override
        void add(double[] point, double[] weights, double[] sums) {
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

    private Logreg() {}

    public static void main(String[] args) throws Exception {
        double rate = Double.parseDouble(System.getenv("LEARNING_RATE"));
        long started = LocalJob.ready();
        Totals totals = new Totals(Logreg.class, args[0], true);
        double[] weights = new double[Points.labelled().size(totals.lines().findFirst().orElseThrow())];
        for (int i = 0; i < Points.ITERATIONS; i++) {
            long iterationStarted = System.nanoTime();
            double[] sums = totals.of(Gradient.class, weights);
            for (int j = 0; j < weights.length; j++) {
                weights[j] -= rate * sums[j] / sums[weights.length];
            }
            Iteration.report(iterationStarted);
        }
        List<String> answer = new ArrayList<>();
        for (int j = 0; j < weights.length; j++) {
            answer.add(j + "\t" + weights[j]);
        }
        LocalJob.write(answer, args[1]);
        LocalJob.report(started);
    }
}
