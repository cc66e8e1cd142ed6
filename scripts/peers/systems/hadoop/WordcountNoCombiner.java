/** {@link Wordcount} without its combiner. */
public final class WordcountNoCombiner {
    private WordcountNoCombiner() {}

    public static void main(String[] args) throws Exception {
        Wordcount.run(args, false);
    }
}
