mkdir "$2"
exec mawk '!seen[$0]++' > "$2/part"
