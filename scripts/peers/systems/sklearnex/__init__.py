"""scikit-learn with Intel's extension: the same calls, answered by oneDAL."""

from harness import rules
from harness.interpreted import PythonSystem

SYSTEMS = [
    PythonSystem(
        "sklearnex",
        package="scikit_learn_intelex",
        aliases=("scikit-learn-intelex",),
        threads="OMP_NUM_THREADS",
        declines=(rules.plain_tables,),
    )
]
