# Shared by R's programs: the input, the question, and the clock.

arguments <- commandArgs(trailingOnly = TRUE)
source_path <- arguments[1]
output <- arguments[2]

# What the parameters of `aggregate` ask for: the numbers of the columns of a group, and functions with the column of
# each.
aggregate_question <- function() {
    groups <- Sys.getenv("GROUP_BY")
    wanted <- Sys.getenv("AGG")
    if (groups == "" && wanted == "") groups <- "1"
    parts <- strsplit(strsplit(if (wanted == "") "count" else wanted, ",")[[1]], ":")
    list(
        groups = as.integer(strsplit(groups, ",")[[1]]),
        functions = vapply(parts, function(part) part[1], ""),
        columns = vapply(parts, function(part) as.integer(part[2]), 0L)
    )
}

# The separator of the first row, and its number of cells.
separator_of <- function(path) if (grepl("\t", readLines(path, n = 1))) "\t" else ","

# The rows of a table, for data.table's programs.
read <- function(path, ...) {
    sep <- separator_of(path)
    fread(path, header = FALSE, na.strings = "", sep = sep, strip.white = FALSE, blank.lines.skip = TRUE, ...)
}

timed <- function(work) {
    started <- proc.time()[["elapsed"]]
    dir.create(output)
    work()
    cat(sprintf("work_seconds=%.3f\n", proc.time()[["elapsed"]] - started))
}

part <- file.path(output, "part")

# Numbers with all their digits.
written <- function(frame) {
    whole <- function(column) if (is.double(column)) ifelse(is.na(column), "", format_all(column)) else column
    frame[] <- lapply(frame, whole)
    write.table(frame, part, sep = "\t", quote = FALSE, row.names = FALSE, col.names = FALSE, na = "")
}

format_all <- function(numbers) sprintf("%.17g", numbers)
