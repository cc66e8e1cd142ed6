# join wants both sorted by the key. A row without a key matches nothing.
mkdir "$2"
sort -s -t , -k1,1 --parallel="$CPUS" -S 1G -T "$SCRATCH" left > "$SCRATCH/left"
sed '/^,/d' right | sort -s -t , -k1,1 --parallel="$CPUS" -S 1G -T "$SCRATCH" > "$SCRATCH/right"
case "$HOW" in
    inner) join -t , "$SCRATCH/left" "$SCRATCH/right" ;;
    semi) cut -d , -f 1 "$SCRATCH/right" | uniq | join -t , "$SCRATCH/left" - ;;
    anti) join -t , -v 1 "$SCRATCH/left" "$SCRATCH/right" ;;
esac | tr , '\t' > "$2/part"
