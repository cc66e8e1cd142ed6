/** Records of 100 bytes by their 10-byte key. */
public final class Terasort {
    public static final class Records extends KeyedLines {
        public Records() {
            super(10);
        }
    }

    private Terasort() {}

    public static void main(String[] args) throws Exception {
        TotalOrder.run(Records.class, args);
    }
}
