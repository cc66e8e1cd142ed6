mkdir "$2"
sort -t '	' -k2,2nr -k1,1 --parallel="$CPUS" -S 2G -T "$SCRATCH" | head -n "$K" > "$2/part"
