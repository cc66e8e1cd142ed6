mkdir "$2"
exec sort -u --parallel="$CPUS" -S 2G -T "$SCRATCH" -o "$2/part"
