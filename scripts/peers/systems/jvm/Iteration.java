/** The clock of one iteration, for the harness. */
final class Iteration {
    private Iteration() {}

    /** Report the time since {@code startedNanos}. */
    static void report(long startedNanos) {
        System.out.printf("iteration_seconds=%.6f%n", (System.nanoTime() - startedNanos) / 1e9);
    }
}
