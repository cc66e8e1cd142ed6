/** The lines of a text with sortBy: Java's string order, which is byte order for ASCII. */
public final class Sort {
    private Sort() {}

    public static void main(String[] args) {
        Session.run(args, lines -> lines.sortBy(line -> line, true, lines.getNumPartitions()));
    }
}
