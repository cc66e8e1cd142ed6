# Base R: strsplit and table.

source(file.path(Sys.getenv("PROGRAMS"), "program.R"))

timed(function() {
    words <- unlist(strsplit(readLines(source_path), "[ \t\r\f]+"), use.names = FALSE)
    counts <- table(words[words != ""])
    written(data.frame(word = names(counts), count = as.integer(counts)))
})
