import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** The clusters of k-means: centroids, and how many points each is the mean of. */
final class Clusters implements Serializable {
    static final int K = Integer.parseInt(System.getenv("K"));

    private static final long serialVersionUID = 1;

    final double[][] centroids;
    private final long[] counts = new long[K];

    Clusters(double[][] centroids) {
        this.centroids = centroids;
    }

    /** The first K points that are unlike all points before them; nothing if there are fewer. */
    static Optional<Clusters> seeds(Iterator<double[]> points) {
        Map<List<Double>, double[]> distinct = new LinkedHashMap<>();
        while (distinct.size() < K && points.hasNext()) {
            double[] point = points.next();
            distinct.putIfAbsent(Arrays.stream(point).boxed().toList(), point);
        }
        return distinct.size() < K
                ? Optional.empty()
                : Optional.of(new Clusters(distinct.values().toArray(double[][]::new)));
    }

    /** Centroids that lie one behind the other. */
    static Clusters unflattened(double[] centroids) {
        int features = centroids.length / K;
        double[][] rows = new double[K][];
        Arrays.setAll(rows, cluster -> Arrays.copyOfRange(centroids, cluster * features, (cluster + 1) * features));
        return new Clusters(rows);
    }

    /** The lowest of the clusters nearest to the point. */
    int nearest(double[] point) {
        int nearest = 0;
        double least = Double.POSITIVE_INFINITY;
        for (int cluster = 0; cluster < centroids.length; cluster++) {
            double[] centroid = centroids[cluster];
            double distance = 0;
            for (int i = 0; i < centroid.length; i++) {
                double difference = point[i] - centroid[i];
                distance += difference * difference;
            }
            if (distance < least) {
                least = distance;
                nearest = cluster;
            }
        }
        return nearest;
    }

    /** Numbers of the sums: a cluster's features, then its count. */
    int sumsSize() {
        return K * (centroids[0].length + 1);
    }

    void addTo(double[] sums, double[] point) {
        int start = nearest(point) * (point.length + 1);
        for (int i = 0; i < point.length; i++) {
            sums[start + i] += point[i];
        }
        sums[start + point.length]++;
    }

    /** The means of the points that were added to the sums; an empty cluster stays where it is. */
    Clusters moved(double[] sums) {
        int features = centroids[0].length;
        Clusters moved = new Clusters(new double[K][]);
        for (int cluster = 0; cluster < K; cluster++) {
            int start = cluster * (features + 1);
            double count = sums[start + features];
            moved.counts[cluster] = (long) count;
            moved.centroids[cluster] = centroids[cluster];
            if (count > 0) {
                double[] sum = Arrays.copyOfRange(sums, start, start + features);
                moved.centroids[cluster] = Arrays.stream(sum).map(number -> number / count).toArray();
            }
        }
        return moved;
    }

    /** A line a cluster: its number, its count, its centroid. */
    List<String> lines() {
        List<String> lines = new ArrayList<>();
        for (int cluster = 0; cluster < K; cluster++) {
            lines.add(cluster + "\t" + counts[cluster] + "\t" + Arrays.stream(centroids[cluster])
                    .mapToObj(Double::toString)
                    .collect(Collectors.joining(",")));
        }
        return lines;
    }
}
