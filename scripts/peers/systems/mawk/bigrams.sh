# In the C locale tolower knows A to Z, and nothing else.
mkdir "$2"
mawk '
    {
        line = tolower($0)
        n = split(line, words, /[^a-z]+/)
        before = ""
        for (i = 1; i <= n; i++) {
            if (words[i] == "") continue
            if (before != "") counts[before " " words[i]]++
            before = words[i]
        }
    }
    END { for (bigram in counts) printf "%s\t%.0f\n", bigram, counts[bigram] }' > "$2/part"
