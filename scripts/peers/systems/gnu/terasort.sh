# -k1.1,1.10 would be slower: it compares the same bytes through key lookup. Whole lines differ in the key already.
mkdir "$2"
exec sort --parallel="$CPUS" -S 2G -T "$SCRATCH" -o "$2/part"
