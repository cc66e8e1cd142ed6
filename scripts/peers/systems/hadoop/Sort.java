/** The lines of a text in byte order. */
public final class Sort {
    public static final class Lines extends KeyedLines {
        public Lines() {
            super(Integer.MAX_VALUE);
        }
    }

    private Sort() {}

    public static void main(String[] args) throws Exception {
        TotalOrder.run(Lines.class, TotalOrder.WholeLines.class, args);
    }
}
