mkdir "$2"
mawk -F '\t' '
    { sub(/\r$/, "") }
    $0 != "" && !/^#/ { seen[$1 FS $2] = $2 FS $1 }
    END { for (edge in seen) if (!(seen[edge] in seen)) print edge }' > "$2/part"
