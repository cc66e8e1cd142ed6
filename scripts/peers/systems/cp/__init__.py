"""`cp` of the input: the floor under any job that reads all and writes all. Its output is no answer."""

from harness.interpreted import ShellSystem


class Floor(ShellSystem):
    answers = False


SYSTEMS = [Floor("cp", tool="cp", parallel=False)]
