# Base R: read.csv, then tapply a function.

source(file.path(Sys.getenv("PROGRAMS"), "program.R"))

timed(function() {
    question <- aggregate_question()
    numeric <- c("sum", "mean", "min", "max")
    text <- c(question$groups, question$columns[!question$functions %in% numeric])
    numbers <- setdiff(question$columns[question$functions %in% numeric], text)
    sep <- separator_of(source_path)
    width <- length(scan(source_path, what = "", sep = sep, nlines = 1, quote = "\"", quiet = TRUE))
    used <- c(question$groups, question$columns)
    classes <- ifelse(seq_len(width) %in% used, "character", "NULL")
    # Columns without a class are converted where all cells are numbers, with quotes or without.
    classes[numbers] <- NA
    if (all(classes == "NULL")) classes[1] <- "character"
    rows <- read.table(source_path, sep = sep, quote = "\"", comment.char = "", colClasses = classes, na.strings = "")
    names(rows) <- sort(unique(used))
    columns <- lapply(question$groups, function(column) {
        cells <- rows[[as.character(column)]]
        factor(ifelse(is.na(cells), "", cells))
    })
    groups <- if (length(columns)) {
        do.call(interaction, c(columns, drop = TRUE, sep = "\t", lex.order = TRUE))
    } else {
        factor(rep("", nrow(rows)))
    }
    apply_to <- function(function_name, column) {
        if (is.na(column)) return(as.vector(tapply(rep(1L, nrow(rows)), groups, sum)))
        values <- rows[[as.character(column)]]
        if (function_name %in% numeric) values <- as.numeric(values)
        there <- !is.na(values)
        as.vector(switch(function_name,
            count = tapply(there, groups, sum),
            distinct = tapply(values, groups, function(cells) length(unique(cells[!is.na(cells)]))),
            sum = tapply(values[there], groups[there], sum),
            mean = tapply(values[there], groups[there], mean),
            min = tapply(values[there], groups[there], min),
            max = tapply(values[there], groups[there], max)
        ))
    }
    values <- mapply(apply_to, question$functions, question$columns, SIMPLIFY = FALSE)
    names(values) <- NULL
    answer <- as.data.frame(values, col.names = paste0("v", seq_along(values)))
    if (length(question$groups)) answer <- cbind(key = levels(groups), answer)
    written(answer)
})
