# data.table: fread and a grouped j.

suppressPackageStartupMessages(library(data.table))
source(file.path(Sys.getenv("PROGRAMS"), "program.R"))
setDTthreads(as.integer(Sys.getenv("CPUS")))

timed(function() {
    question <- aggregate_question()
    numeric <- c("sum", "mean", "min", "max")
    text <- c(question$groups, question$columns[!question$functions %in% numeric])
    numbers <- setdiff(question$columns[question$functions %in% numeric], text)
    used <- sort(unique(c(question$groups, question$columns)))
    used <- if (length(used)) used else 1L
    types <- Filter(length, list(character = setdiff(used, numbers), numeric = numbers))
    rows <- read(source_path, select = used, colClasses = types)
    told <- function(function_name, column) {
        if (is.na(column)) return(quote(.N))
        cells <- as.name(paste0("V", column))
        number <- if (column %in% numbers) cells else call("as.numeric", cells)
        switch(function_name,
            count = bquote(sum(!is.na(.(cells)))),
            distinct = bquote(uniqueN(.(cells), na.rm = TRUE)),
            sum = bquote(sum(.(number), na.rm = TRUE)),
            mean = bquote(mean(.(number), na.rm = TRUE)),
            min = bquote(min(.(number), na.rm = TRUE)),
            max = bquote(max(.(number), na.rm = TRUE))
        )
    }
    values <- as.call(c(as.name("list"), mapply(told, question$functions, question$columns, USE.NAMES = FALSE)))
    by <- paste0("V", question$groups)
    answer <- if (length(question$groups)) eval(bquote(rows[, .(values), by = by])) else eval(bquote(rows[, .(values)]))
    fwrite(answer, part, sep = "\t", col.names = FALSE, quote = FALSE, na = "")
})
