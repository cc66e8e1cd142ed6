# data.table: the words as a column, and .N by word.

suppressPackageStartupMessages(library(data.table))
source(file.path(Sys.getenv("PROGRAMS"), "program.R"))
setDTthreads(as.integer(Sys.getenv("CPUS")))

timed(function() {
    words <- unlist(strsplit(readLines(source_path), "[ \t\r\f]+", perl = TRUE), use.names = FALSE)
    words <- data.table(word = as.character(words))
    fwrite(words[word != "", .N, by = word], part, sep = "\t", col.names = FALSE, quote = FALSE)
})
