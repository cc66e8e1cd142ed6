/** distinct. */
public final class Distinct {
    private Distinct() {}

    public static void main(String[] args) {
        Session.run(args, lines -> lines.distinct());
    }
}
