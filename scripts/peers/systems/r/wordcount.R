# Base R: strsplit and table.

source(file.path(Sys.getenv("PROGRAMS"), "program.R"))

timed(function() {
    words <- unlist(strsplit(readLines(source_path), "[ \t\r\f]+"), use.names = FALSE)
    # Without `exclude`, the word NaN would be left out.
    counts <- table(words[words != ""], exclude = NULL)
    written(data.frame(word = names(counts), count = as.integer(counts)))
})
