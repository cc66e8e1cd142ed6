mkdir "$2"
exec sort --parallel="$CPUS" -S 2G -T "$SCRATCH" -o "$2/part"
