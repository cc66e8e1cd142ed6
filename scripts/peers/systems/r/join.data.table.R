# data.table: merge, or a look-up for the kinds that add no columns.

suppressPackageStartupMessages(library(data.table))
source(file.path(Sys.getenv("PROGRAMS"), "program.R"))
setDTthreads(as.integer(Sys.getenv("CPUS")))

timed(function() {
    left <- read("left", colClasses = "character")
    right <- read("right", colClasses = "character")
    setnames(right, c("V1", paste0("R", seq_len(ncol(right) - 1), recycle0 = TRUE)))
    how <- Sys.getenv("HOW")
    known <- right[!is.na(V1)]
    answer <- switch(how,
        inner = merge(left[!is.na(V1)], known, by = "V1", allow.cartesian = TRUE),
        semi = left[V1 %in% known$V1],
        anti = left[!V1 %in% known$V1],
        left = merge(left, known, by = "V1", all.x = TRUE, allow.cartesian = TRUE)
    )
    fwrite(answer, part, sep = "\t", col.names = FALSE, quote = FALSE, na = "")
})
