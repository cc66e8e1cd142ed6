/** Records of 100 bytes by their 10-byte key. */
public final class Terasort {
    public static final class Records extends KeyedLines {
        public Records() {
            super(10);
        }
    }

    /** The reader drops the carriage return at the end of each. */
    public static final class WholeRecords extends TotalOrder.WholeLines {
        public WholeRecords() {
            super("\r");
        }
    }

    private Terasort() {}

    public static void main(String[] args) throws Exception {
        TotalOrder.run(Records.class, WholeRecords.class, args);
    }
}
