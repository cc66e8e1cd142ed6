# In the C locale tolower knows A to Z, and nothing else. Files come in the order of their names, so do the documents of
# a term.
mkdir "$2"
cd "$1"
ls | mawk '
    {
        file = $0
        name = file
        sub(/\.[^.]*$/, "", name)
        while ((getline line < file) > 0) {
            n = split(tolower(line), words, /[^a-z]+/)
            for (i = 1; i <= n; i++) if (words[i] != "") counts[words[i]]++
        }
        close(file)
        for (word in counts) {
            list[word] = list[word] (documents[word]++ ? "," : "") name ":" counts[word]
            delete counts[word]
        }
    }
    END { for (word in list) printf "%s\t%d\t%s\n", word, documents[word], list[word] }' > "../$2/part"
