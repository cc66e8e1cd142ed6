"""The tables of a dashboard with groupby, and their picture with Matplotlib: `dashboard.png`, which is drawn within the
work."""

import sys
import time
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import pandas as pd
import reading
from access_log import EXTENSION, REQUEST, SESSION_GAP_SECONDS

COLUMNS = ["host", "time", "request", "status", "bytes", "referrer"]


def requests(source: str) -> pd.DataFrame:
    with reading.characters(source) as text:
        found = [REQUEST.match(line.rstrip("\r\n")).groups() for line in text if line.rstrip("\r\n")]
    frame = pd.DataFrame(found, columns=COLUMNS, dtype=object)
    times = pd.to_datetime(frame["time"], format="%d/%b/%Y:%H:%M:%S %z", utc=True)
    frame["seconds"] = times.astype("int64") // (
        10**9 if times.dt.unit == "ns" else 1 if times.dt.unit == "s" else 10**6
    )
    frame["hour"] = times.dt.strftime("%Y-%m-%d %H")
    words = frame["request"].str.split(n=2)
    frame["method"] = words.str[0].fillna("-")
    frame["page"] = words.str[1].fillna("-").str.replace(r"[?#].*", "", regex=True)
    name = frame["page"].str.rsplit("/", n=1).str[-1]
    frame["extension"] = name.str.extract(EXTENSION.pattern, expand=False).str.lower().fillna("none")
    frame["bytes"] = frame["bytes"].replace("-", "0").astype("int64")
    frame["error"] = (frame["status"].astype("int64") >= 400).astype("int64")
    frame["referrer"] = frame["referrer"].replace({"-": None, "": None})
    return frame


def tables(frame: pd.DataFrame) -> dict[str, pd.DataFrame]:
    counted = {}
    for name in ("hour", "status", "method", "extension", "page", "host", "referrer"):
        groups = frame.groupby(name, sort=True)
        counted[name] = groups.agg(requests=("bytes", "size"), bytes=("bytes", "sum"), errors=("error", "sum"))
    ordered = frame.sort_values(["host", "seconds"], kind="stable")
    gap = ordered.groupby("host")["seconds"].diff()
    is_first = gap.isna() | (gap > SESSION_GAP_SECONDS)
    sessions = ordered.assign(first=is_first, within=gap.where(~is_first, 0)).groupby("host")
    counted["sessions"] = sessions.agg(
        sessions=("first", "sum"), requests=("bytes", "size"), seconds=("within", "sum")
    ).astype("int64")
    return counted


def picture(counted: dict[str, pd.DataFrame], place: Path) -> None:
    figure, axes = plt.subplots(2, 2, figsize=(12, 8))
    counted["hour"]["requests"].plot(ax=axes[0][0], title="requests an hour")
    counted["hour"]["errors"].plot(ax=axes[0][1], title="errors an hour")
    counted["page"].nlargest(10, "requests")["requests"].plot.barh(ax=axes[1][0], title="pages")
    counted["host"].nlargest(10, "requests")["requests"].plot.barh(ax=axes[1][1], title="hosts")
    figure.tight_layout()
    figure.savefig(place)


started = time.perf_counter()
output = Path(sys.argv[2])
frame = requests(sys.argv[1])
counted = tables(frame)
picture(counted, output.with_name("dashboard.png"))
output.mkdir()
with open(output / "part", "w", encoding=reading.ENCODING, newline="\n") as part:
    if len(frame):
        part.write(f"total\trequests\t{len(frame)}\t{frame['bytes'].sum()}\t{frame['error'].sum()}\n")
    for name, table in counted.items():
        part.writelines(f"{name}\t{key}\t{a}\t{b}\t{c}\n" for key, a, b, c in table.itertuples())
print(f"work_seconds={time.perf_counter() - started:.6f}")
