import java.util.Arrays;

/** Lloyd's k-means, a job an iteration. */
public final class Kmeans {
    public static final class Assign extends Totals.Adder {
        private Clusters clusters;

        @Override
        int sums(int pointSize) {
            return Clusters.K * (pointSize + 1);
        }

        @Override
        void add(double[] point, double[] centroids, double[] sums) {
            if (clusters == null) {
                clusters = Clusters.unflattened(centroids);
            }
            clusters.addTo(sums, point);
        }
    }

    private Kmeans() {}

    public static void main(String[] args) throws Exception {
        long started = LocalJob.ready();
        Totals totals = new Totals(Kmeans.class, args[0], false);
        Points format = Points.features();
        Clusters clusters = Clusters.seeds(totals.lines().map(format::parse).map(totals::scored).iterator())
                .orElseThrow(() -> new IllegalArgumentException("fewer than " + Clusters.K + " distinct points"));
        for (int i = 0; i < Points.ITERATIONS; i++) {
            long iterationStarted = System.nanoTime();
            double[] centroids = Arrays.stream(clusters.centroids).flatMapToDouble(Arrays::stream).toArray();
            clusters = clusters.moved(totals.of(Assign.class, centroids));
            Iteration.report(iterationStarted);
        }
        LocalJob.write(clusters.lines(), args[1]);
        LocalJob.report(started);
    }
}
