"""Runs the jobs of twinmill on Spark. spark-submit starts it; in the folder of a run, twinmill leaves its requests.

    request-1.json    a job: its map tasks and their inputs, its reduce tasks
    answer-1.json     how it ended

The map tasks are the partitions of an RDD: each starts `twinmill task map`, which writes sorted blocks for every reduce
task. Spark moves the blocks of a map task for a reduce task to the partition with the number of the reduce task. There
`twinmill task reduce` merges them. The partition after the last has what the map tasks say of themselves. So Python
handles a few large values and no records. Datasets between jobs are kept as RDDs, and so are inputs that are read again:
that of a loop as the blocks of records which `twinmill task map --parse` makes.
"""
import itertools
import json
import os
import struct
import subprocess
import sys
import tempfile
import threading
import time

from pyspark import SparkConf, SparkContext, SparkFiles, StorageLevel, TaskContext

# Bytes that are moved at a time, and bytes of a value of an RDD.
PIECE = 1 << 18
VALUE = 8 << 20
# Last lines of a task's words that an error quotes.
LINES = 20
# Around the words of a task that failed, in Spark's long story of it.
BEGIN, END = "<<<twinmill: ", " :twinmill>>>"
BETWEEN_LOOKS = 0.01


class Failed(Exception):
    """A task that failed, with its own words."""

    def __init__(self, words):
        super().__init__(BEGIN + words + END)


class Task:
    """A task of twinmill: one thread feeds it, another one hears what it says, and its maker reads what it writes."""

    def __init__(self, program, command, pieces):
        self.command, self.said, self.failed = command, [], None
        pipes = {name: subprocess.PIPE for name in ["stdin", "stdout", "stderr"]}
        self.program = subprocess.Popen([SparkFiles.get(program), *command], **pipes)
        self.threads = [threading.Thread(target=self.feed, args=(pieces,)), threading.Thread(target=self.hear)]
        for thread in self.threads:
            thread.daemon = True
            thread.start()

    def feed(self, pieces):
        try:
            for piece in pieces:
                self.program.stdin.write(piece)
            self.program.stdin.close()
        except BrokenPipeError:
            # It has ended early; its status and its words say why.
            pass
        except BaseException as error:
            # Without all of its input it must not go on: it would take the end of the pipe for that of the input.
            self.failed = error
            self.program.kill()

    def hear(self):
        for line in self.program.stderr:
            line = line.decode(errors="replace").rstrip("\n")
            if not line.startswith("reporter:"):
                self.said = self.said[-LINES + 1 :] + [line]

    def output(self):
        """The file to read what it writes from; it must have succeeded when this ends."""
        try:
            yield self.program.stdout
            status = self.program.wait()
            for thread in self.threads:
                thread.join()
        finally:
            if self.program.poll() is None:
                self.program.kill()
                self.program.wait()
            self.program.stdout.close()
        if self.failed is not None:
            raise Failed(f"its input cannot be read: {self.failed}")
        if status != 0:
            how = f"status {status}" if status > 0 else f"signal {-status}"
            raise Failed("\n".join(self.said) or f"{' '.join(self.command)} ended with {how} and no word")


def file_pieces(path, size=PIECE):
    try:
        with open(path, "rb") as file:
            while piece := file.read(size):
                yield piece
    except FileNotFoundError:
        where = "it must lie where every worker sees it; name such a place with --work-dir"
        raise OSError(f"{path} is not on this machine: {where}") from None


def words_of(work, side):
    """The command of a task, but for what differs between the tasks of a side."""
    return ["task", side, work["name"], "--plan", SparkFiles.get(work["plan"]), "--pack", *work["options"]]


def said(number, summary=None):
    """What is known of a task, as twinmill reads it."""
    known = {"number": number, "attempt": TaskContext.get().attemptNumber(), "summary": summary}
    return json.dumps(known).encode()


def parsed(work, path):
    """Parses the input of a map task: values of what it leaves, which is the input of the map tasks of all jobs of a loop."""
    for out in Task(work["program"], words_of(work, "map") + ["--parse"], file_pieces(path)).output():
        while data := out.read(VALUE):
            yield data


def map_tasks(work, pieces_by_number):
    """Runs map tasks, one after another: blocks for each reduce task, and then what the map task says of itself."""
    for number, pieces in pieces_by_number:
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "summary")
            command = words_of(work, "map") + ["--blocks", "--summary", path]
            torn = False
            for out in Task(work["program"], command, pieces).output():
                while header := out.read(8):
                    part, size = struct.unpack(">II", header) if len(header) == 8 else (0, 1)
                    blocks = out.read(size)
                    torn = len(blocks) != size
                    if torn:
                        break
                    yield part, header + blocks
            # A task that failed has said why before.
            if torn:
                raise Failed("a map task succeeded and ended within its output")
            with open(path) as file:
                summary = json.load(file)
        yield work["reducers"], said(number, summary)


def reduce_task(work, number, records):
    """Runs the reduce task of this number: values of what it leaves."""
    if number == work["reducers"]:
        for _, value in records:
            yield value
        return
    command = words_of(work, "reduce") + ["--blocks", "--partition", str(number)]
    yield from output_of(work, number, "reduce", command, (value for _, value in records))


def map_only_tasks(work, pieces_by_number):
    for number, pieces in pieces_by_number:
        yield from output_of(work, number, "map", words_of(work, "map"), pieces)


def output_of(work, number, side, command, pieces):
    """Runs a task that leaves a part, which goes to a file, or a dataset, which is values.

    The first value is what the report says of the task."""
    if work["leaves"] == "parts":
        target = os.path.join(work["folder"], f"{side}-{number:05}")
        partial = f"{target}.{TaskContext.get().taskAttemptId()}"
        for out in Task(work["program"], command, pieces).output():
            with open(partial, "wb") as file:
                while data := out.read(PIECE):
                    file.write(data)
        os.replace(partial, target)
        yield said(number)
        return
    values = []
    for out in Task(work["program"], command, pieces).output():
        while data := out.read(VALUE):
            values.append(data)
    yield said(number, head_of(values[0]))
    yield from values


def head_of(pack):
    """The head of a pack: the length and the byte of its key, the length and the bytes of its value."""
    (size,) = struct.unpack_from(">I", pack, 5)
    return json.loads(pack[9 : 9 + size])["Output"]


class Driver:
    def __init__(self, folder, level):
        self.folder, self.level = folder, getattr(StorageLevel, level)
        began = time.time()
        self.context = SparkContext(conf=SparkConf())
        self.context.setLogLevel("ERROR")
        self.started = time.time() - began
        # Datasets by the job that left them; inputs by the files of their packs: None for one that was read and not kept.
        self.datasets, self.inputs = {}, {}

    def packs(self, work, numbered, parse):
        """The inputs of map tasks, from files. Those that are read again are kept, those to be parsed from the first time on."""
        key = tuple(path for _, path in numbered)
        paths = self.context.parallelize(numbered, len(numbered))
        if parse and key not in self.inputs:
            self.inputs[key] = paths.flatMap(lambda one: parsed(work, one[1])).persist(self.level)
        if key not in self.inputs:
            self.inputs[key] = None
            return paths.map(lambda one: (one[0], file_pieces(one[1])))
        if self.inputs[key] is None:
            self.inputs[key] = paths.flatMap(lambda one: file_pieces(one[1], VALUE)).persist(self.level)
        return self.numbered(self.inputs[key], [number for number, _ in numbered])

    def numbered(self, rdd, numbers):
        """The partitions of an RDD as inputs of the map tasks of these numbers; None for one that is not read."""

        def give(at, values):
            if numbers[at] is not None:
                yield numbers[at], values

        return rdd.mapPartitionsWithIndex(give)

    def sources(self, work, splits):
        """RDDs of the inputs of map tasks, in the order of the tasks."""
        sources = []
        kind = lambda numbered: (numbered[1].get("job"), numbered[1].get("parse"))
        for (job, parse), group in itertools.groupby(enumerate(splits), kind):
            if job is None:
                sources.append(self.packs(work, [(number, split["pack"]) for number, split in group], parse))
            else:
                dataset = self.datasets[job]
                numbers = [None] * dataset.getNumPartitions()
                for number, split in group:
                    numbers[split["partition"]] = number
                # Its first value is for the report.
                sources.append(self.numbered(dataset.mapPartitions(behind_the_first), numbers))
        return sources

    def run(self, request):
        work = {key: request[key] for key in ["name", "program", "options", "reducers", "leaves", "folder"]}
        work["plan"] = os.path.basename(request["plan"])
        self.context.addFile(request["plan"])
        for job, partition in request["side"]:
            path = os.path.join(self.folder, f"dataset-{job}-{partition}")
            if not os.path.exists(path):
                self.read(job, partition, path)
                self.context.addFile(path)
        # Python's functions must not hold the driver itself.
        reducers, mapper = work["reducers"], map_tasks if work["reducers"] > 0 else map_only_tasks
        sources = self.sources(work, request["splits"])
        mapped = [source.mapPartitions(lambda inputs: mapper(work, inputs)) for source in sources]
        if len(mapped) != 1:
            mapped = [self.context.union(mapped) if mapped else self.context.parallelize([], 1)]
        [mapped] = mapped
        if reducers == 0:
            done = mapped
        else:
            shuffled = mapped.partitionBy(reducers + 1, int)
            done = shuffled.mapPartitionsWithIndex(lambda number, records: reduce_task(work, number, records))
        if work["leaves"] == "dataset":
            done = done.persist(self.level)
            self.datasets[request["job"]] = done
        all_said = done.mapPartitionsWithIndex(lambda at, values: what_is_said(values, 0 < reducers == at))
        maps, outputs = [], []
        for of_maps, value in all_said.collect():
            (maps if of_maps else outputs).append(json.loads(value))
        by_number = lambda one: one["number"]
        return {"maps": sorted(maps, key=by_number), "outputs": sorted(outputs, key=by_number)}

    def read(self, job, partition, path):
        """Writes a partition of a dataset to a file."""
        values = self.context.runJob(self.datasets[job], behind_the_first, [partition])
        with open(path + ".partial", "wb") as file:
            for value in values:
                file.write(value)
        os.replace(path + ".partial", path)

    def kept(self):
        """Bytes that RDDs keep in memory and on disk."""
        infos = self.context._jsc.sc().getRDDStorageInfo()
        return [sum(info.memSize() for info in infos), sum(info.diskSize() for info in infos)]

    def answer(self, request):
        try:
            if request["do"] == "read":
                self.read(request["job"], request["partition"], request["path"])
                return {}
            return {**self.run(request), "kept": self.kept()}
        except Exception as error:
            story = str(error)
            if BEGIN in story:
                return {"error": story.split(BEGIN, 1)[1].split(END, 1)[0]}
            return {"error": f"{type(error).__name__}: {story}"}


def behind_the_first(values):
    values = iter(values)
    next(values, None)
    return values


def what_is_said(values, of_maps):
    """What tasks say of themselves: all values of the partition that has what the map tasks say, else the first."""
    for value in values:
        yield of_maps, value
        if not of_maps:
            break


def lives(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True


def write(path, value):
    with open(path + ".partial", "w") as file:
        json.dump(value, file)
    os.replace(path + ".partial", path)


def main():
    folder, level, coordinator = sys.argv[1], sys.argv[2], int(sys.argv[3])
    driver = Driver(folder, level)
    write(os.path.join(folder, "answer-0.json"), {"context_seconds": driver.started})
    number, looked = 1, time.time()
    while True:
        path = os.path.join(folder, f"request-{number}.json")
        if not os.path.exists(path):
            # Nothing is left to be done for a program that has ended.
            if time.time() - looked > 0.5:
                looked = time.time()
                if not lives(coordinator) or not os.path.isdir(folder):
                    break
            time.sleep(BETWEEN_LOOKS)
            continue
        with open(path) as file:
            request = json.load(file)
        if request["do"] == "end":
            break
        write(os.path.join(folder, f"answer-{number}.json"), driver.answer(request))
        number += 1
    driver.context.stop()


if __name__ == "__main__":
    main()
