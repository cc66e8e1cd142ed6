// Puts the page together: the verdict, the ways that were compared, the picture of the cause, the measurements; the rest
// folded. Every number and sentence comes from the JSON; what is computed here is where it stands on the screen.

const embedded = (id) => JSON.parse(document.getElementById(id).textContent);
const reports = embedded("reports");
const charts = embedded("charts");
const sheet = embedded("sheet");

const nameOf = (row) => row.variant ?? row.mode;
const legendFor = (names) => names.map((name) => [name, color(name)]);
const runsOf = (report, name) => report.runs.filter((run) => run.variant === name);

// -- Sections -------------------------------------------------------------------------------------------------------------

/** A mode moves the same bytes with faults and without, but for what it made again. */
const flowsShown = ({flows}) => flows.filter((one) => !one.mode.endsWith(" without faults"));

const flowChart = (report, charted, flows = flowsShown(charted)) => flows.length === 0 ? null : chart({
  name: "flow", title: "The way of the bytes", wide: true,
  about: "From the input to the output, in all jobs and iterations together. The thicker the band, the more bytes; all bands are on one scale.",
  draw: flow(flows),
  caption: `The dashed line parts memory from files${report.emulated_disk ? `, which lie on an ${report.emulated_disk}` : ""}. Files may stay in the system’s page cache and never reach the disk. A stage in grey had nothing to do. Medians of the runs; a band thinner than a hair is drawn as a hair.`,
  numbers: [["", ...flows.map((one) => one.mode)],
    ["input read", ...flows.map((one) => bytes(one.input))], ["input read for samples", ...flows.map((one) => bytes(one.sampled))], ["emitted by map", ...flows.map((one) => bytes(one.map_output))],
    ["kept in memory", ...flows.map((one) => bytes(one.spilled.memory))], ["written to files", ...flows.map((one) => bytes(one.spilled.files))],
    ["written again by merge passes", ...flows.map((one) => bytes(one.merged))], ["taken from memory", ...flows.map((one) => bytes(one.shuffled.memory))],
    ["taken from files", ...flows.map((one) => bytes(one.shuffled.files))], ["left in files between jobs", ...flows.map((one) => bytes(one.between_jobs))],
    ["output", ...flows.map((one) => bytes(one.output))]],
});

const coverage = (rows) => {
  const known = rows.map((row) => row.ci95_coverage).filter(Boolean);
  return known.length ? `${plain(Number((100 * Math.min(...known)).toFixed(1)))} % intervals` : "intervals";
};

const times = (report, {ways}) => {
  const dots = (name) => runsOf(report, name).map((run) => ({value: run.wall_seconds, tip: [`${name}, run ${run.round + 1}`, seconds(run.wall_seconds)]}));
  return chart({
    name: "times", title: "How long it took", about: "Seconds on the clock. Shorter is better.",
    draw: bars(ways.map((way) => oneRow(way.name, {
      parts: [{from: 0, to: way.median_seconds, fill: color(way.name), tip: [`${way.name}: median of ${way.runs} runs`, seconds(way.median_seconds)]}],
      interval: way.ci95_seconds, dots: dots(way.name), text: seconds(way.median_seconds),
    })), {barHeight: 24}),
    caption: `Bars are medians, lines with ends are their ${coverage(ways)}, dots are the single runs.`,
    numbers: [["", "median", "shortest", "longest", "interval", "runs", "peak memory"], ...ways.map((way) => [way.name, seconds(way.median_seconds),
      seconds(way.min_seconds), seconds(way.max_seconds), interval(way.ci95_seconds, seconds), count(way.runs), way.peak_rss_bytes == null ? "–" : bytes(way.peak_rss_bytes)])],
  });
};

/** Modes and other programs: start-up in front of work, so that the end of a bar is when the answer is there. */
const tools = (report, {absences}) => {
  if (!report.tools) return null;
  const rows = report.tools;
  const fill = (tool) => (tool.mode ? color(tool.mode) : "var(--other)");
  const fastest = rows.find((tool) => tool.mode && tool.framework);
  const answer = (tool) => (tool.agrees == null ? "–" : tool.agrees ? "equal" : "DIFFERS");
  const differ = rows.filter((tool) => tool.agrees === false).map((tool) => tool.name);
  return [
    differ.length ? element("p", {class: "alarm"}, `Answers differ from twinmill’s: ${differ.join(", ")}.`) : null,
    chart({
      name: "tools", title: "What else does the job", about: "Seconds until the answer is there, start-up included. The same input, as many processors as workers.",
      legend: [["start-up", "var(--startup)"], ...["disk", "memory", "reference"].filter((mode) => rows.some((tool) => tool.mode === mode)).map((mode) => [mode, color(mode)]), ...(rows.some((tool) => !tool.mode) ? [["other programs", "var(--other)"]] : [])],
      draw: bars(rows.map((tool) => oneRow(tool.name, {
        parts: [
          {from: 0, to: tool.startup_seconds, fill: "var(--startup)", tip: [tool.name, `start-up ${seconds(tool.startup_seconds)}`]},
          {from: tool.startup_seconds, to: tool.total_seconds, fill: fill(tool), tip: [tool.name, tool.version, `work ${seconds(tool.median_seconds)}`, `answer ${answer(tool)}`]}],
        interval: tool.ci95_seconds.map((end) => tool.startup_seconds + end), text: seconds(tool.total_seconds),
      })), {gap: 6}),
      caption: `Medians; lines with ends are intervals of the work, which is from the first read to the last write by each program’s own clock. Start-up is the rest of its process.${absences.map((absence) => ` ${absence}.`).join("")}`,
      numbers: [["", "work", "range", "start-up", "processor time", "peak memory", fastest ? `× ${fastest.name}` : "", "processors", "version", "answer"], ...rows.map((tool) => [
        tool.name, seconds(tool.median_seconds), `${seconds(tool.min_seconds)} – ${seconds(tool.max_seconds)}`, seconds(tool.startup_seconds), seconds(tool.cpu_seconds),
        bytes(tool.peak_rss_bytes), tool.times_fastest_mode == null ? "" : `${tool.times_fastest_mode.toFixed(2)}×`, count(tool.processors), tool.version ?? "", answer(tool)])],
    })];
};

const ladder = (report, {ladder: sentence}) => {
  if (!report.ladder) return null;
  const label = (step) => (step.changed ? `${step.changed.replace("_", " ")} ${step.factors[step.changed]}` : "disk");
  const steps = report.ladder.map((step, i) => ({...step, label: label(step), before: i ? report.ladder[i - 1].median_seconds : 0}));
  const spread = (name) => report.summary.find((row) => nameOf(row) === name)?.ci95_seconds;
  const end = (name, value) => oneRow(name, {parts: [{from: 0, to: value, fill: color(name), tip: [name, seconds(value)]}], interval: spread(name), text: seconds(value)});
  const change = (step) => oneRow(step.label, {
    parts: [{from: step.before, to: step.median_seconds, fill: step.difference_seconds < 0 ? "var(--good)" : "var(--bad)", tip: [step.label, signed(step.difference_seconds)]}],
    interval: step.difference_ci95?.map((end) => Math.max(0, step.before + end)), text: signed(step.difference_seconds),
  });
  return chart({
    name: "ladder", title: "Which factor makes the difference", about: "Seconds. From the disk preset to the memory preset, one factor at a time.",
    legend: [["time saved", "var(--good)"], ["time lost", "var(--bad)"]],
    draw: bars([end("disk", steps[0].median_seconds), ...steps.slice(1).filter((step) => !step.does_not_apply).map(change), end("memory", steps.at(-1).median_seconds)], {gap: 8}),
    caption: `Lines with ends are intervals: of the times at both ends, of the differences between. ${sentence}`,
    numbers: [["step", "time", "difference", "interval", "files written", "files read", "shuffled", "input read"], ...steps.map((step) =>
      step.does_not_apply
        ? [step.label, `does not apply (${step.does_not_apply})`, "", "", "", "", "", ""]
        : [step.label, seconds(step.median_seconds), step.changed ? signed(step.difference_seconds) : "", step.changed ? interval(step.difference_ci95, signed) : "",
          bytes(step.bytes.file_written), bytes(step.bytes.file_read), bytes(step.bytes.shuffle), bytes(step.bytes.input_read)])],
  });
};

const iterations = ({loops}) => {
  if (loops.length === 0) return null;
  const most = Math.max(...loops.flatMap((loop) => loop.iterations.map((time) => time.ci95_seconds[1])));
  const last = Math.max(...loops.map((loop) => loop.iterations.length));
  const inMillis = most < 0.1;
  return chart({
    name: "iterations", title: "Iteration by iteration", about: `${inMillis ? "Milliseconds" : "Seconds"} of each iteration. What is read before the loop and written after it is left out.`,
    draw: lines(loops.map((loop) => ({name: loop.name, color: color(loop.name), points: loop.iterations.map((time, i) => ({
      x: i + 1, y: time.median_seconds, interval: time.ci95_seconds, tip: [`${loop.name}, iteration ${i + 1}`, `median ${seconds(time.median_seconds)}`, `from ${seconds(time.min_seconds)} to ${seconds(time.max_seconds)}`]}))})),
    {x: {name: "iteration", whole: true, ticks: Array.from({length: last}, (_, i) => i + 1)}, y: {label: seconds, tick: (value) => plain(inMillis ? value * 1e3 : value)}}),
    caption: "Medians of the runs; lines with ends are intervals. The last values stand at the right.",
    numbers: [["iteration", ...loops.map((loop) => loop.name)], ...Array.from({length: last}, (_, i) => [String(i + 1), ...loops.map((loop) => (loop.iterations[i] ? seconds(loop.iterations[i].median_seconds) : "–"))])],
  });
};

const sweep = (report, {memory_sweep: sentence}) => {
  if (!report.memory_sweep) return null;
  const points = report.memory_sweep;
  const disk = report.memory_sweep_summary.disk_median_seconds;
  const x = {name: "memory, % of the working set", ticks: points.map((point) => point.percent)};
  const tipOf = (point) => [`${point.percent} %: ${bytes(point.budget_bytes)}`, `${seconds(point.median_seconds)}`, `${bytes(point.spilled_bytes)} to files`];
  return element("div", {class: "pair"},
    chart({
      name: "sweep time", title: "With less memory", about: "Seconds of memory mode, with a part of the memory that it would like.",
      draw: lines([{name: "memory", color: color("memory"), points: points.map((point) => ({x: point.percent, y: point.median_seconds, interval: point.ci95_seconds, tip: tipOf(point)}))}],
        {x, y: {label: seconds}, levels: disk == null ? [] : [{name: "disk", y: disk, color: color("disk")}]}),
      caption: "Medians; lines with ends are intervals. Dashed: disk mode, for comparison.",
    }),
    chart({
      name: "sweep bytes", title: "What does not fit goes to files", about: "Bytes written to files by memory mode.",
      draw: lines([{name: "memory", color: color("memory"), points: points.map((point) => ({x: point.percent, y: point.spilled_bytes, tip: tipOf(point)}))}], {x, y: {label: bytes, tick: bytes, unit: binaryUnit(Math.max(...points.map((point) => point.spilled_bytes)))}}),
      caption: sentence,
      numbers: [["memory", "budget", "time", "interval", "to files", "reserved", "peak memory"], ...points.map((point) => [
        `${point.percent} %`, bytes(point.budget_bytes), seconds(point.median_seconds), interval(point.ci95_seconds, seconds),
        bytes(point.spilled_bytes), bytes(point.peak_reserved_bytes), bytes(point.peak_rss_bytes)])],
    }));
};

const growth = (report, axis) => {
  const found = report.growths?.find((growth) => growth.axis === axis);
  if (!found) return null;
  const names = found.fits.map((fit) => fit.mode);
  const ofScale = axis === "scale";
  const amount = (value) => (ofScale ? bytes(value) : count(value));
  const fitted = (fit) => (fit.exponent !== undefined ? `∝ size^${fit.exponent.toFixed(2)}`
    : fit.iteration_seconds !== undefined ? `${seconds(Math.max(0, fit.once_seconds))} + ${seconds(Math.max(0, fit.iteration_seconds))} each` : "–");
  const cell = (point, name) => seconds(point.modes.find((row) => row.mode === name).median_seconds);
  const ratio = ({value, ci95}) => `${value.toFixed(2)}×${ci95 ? ` [${ci95.map((end) => end.toFixed(2)).join(", ")}]` : ""}`;
  const compared = found.points[0].ratio;
  const points = (name) => found.points.map((point) => ({amount: point.amount, row: point.modes.find((row) => row.mode === name)})).filter(({row}) => row)
    .map(({amount: of, row}) => ({x: of, y: row.median_seconds, interval: row.ci95_seconds, tip: [`${name}, ${ofScale ? amount(of) : `${of} iterations`}`, seconds(row.median_seconds)]}));
  return chart({
    name: `growth ${axis}`, title: ofScale ? "With larger inputs" : "With more iterations",
    about: ofScale ? "Seconds against the size of the input. Both axes are logarithmic: a straight line is a power of the size." : "Seconds against the number of iterations.",
    draw: lines(names.map((name) => ({name, color: color(name), points: points(name)})), {height: 300,
      x: {log: ofScale, zero: !ofScale, name: ofScale ? "bytes of input" : "iterations", tick: ofScale ? bytes : plain, ticks: found.points.map((point) => point.amount)},
      y: {log: ofScale, label: seconds, tick: seconds}}),
    caption: `${found.verdict} Lines with ends are intervals.`,
    numbers: [[ofScale ? "size" : "iterations", ...names, ...(compared ? [`${compared.of} / ${compared.to}`] : [])],
      ...found.points.map((point) => [amount(point.amount), ...names.map((name) => cell(point, name)), ...(compared ? [ratio(point.ratio)] : [])]),
      ["fitted", ...found.fits.map(fitted), ...(compared ? [""] : [])]],
  });
};

const timelines = ({timelines}) => {
  if (timelines.length === 0) return null;
  const until = Math.max(...timelines.map((run) => run.seconds));
  const kindsOf = (run) => ["map", "reduce", "failed", "killed"].filter((kind) => run.tasks.some((task) => task.kind === kind));
  const called = {map: "map task", reduce: "reduce task", failed: "failed attempt", killed: "attempt that was stopped"};
  return element("div", {class: "pair"}, timelines.map((run) => chart({
    name: `timeline ${run.variant}`, title: `Who worked when: ${run.variant}`,
    about: `Seconds since the start. Round ${run.round + 1}, the run in the middle, took ${seconds(run.seconds)}.`,
    legend: kindsOf(run).map((kind) => [called[kind], timelineFill(run.variant, kind)]),
    draw: timeline(run, until),
    caption: run.of_workers ? "A row is a worker. Grey: the driver worked alone; it planned, sampled, or made the output final." : "This report does not say which worker ran a task: a row is a place among the tasks that ran at the same time.",
  })));
};

const time = (report, {time, bounds, ways}) => {
  if (!time) return null;
  const totals = time.modes.map((mode, i) => `${seconds(time.totals[i])} in ${mode}`).join(", ");
  const bound = (which) => bounds.map((one) => seconds(one[which]));
  return [
    chart({
      name: "time", title: "Where the time goes", about: `Seconds of all workers together: ${totals}.`, legend: legendFor(time.modes), draw: paired(time),
      caption: "Lines with ends are intervals. Pale bars are waiting. Calls to files copy to and from the page cache; waiting for the disk is a row of its own. Rows below half a per cent are left out; all rows together are the whole.",
      numbers: [["", ...time.modes], ...time.rows.map(({name, parts}) => [name, ...parts.map((part) => seconds(part.value))]), ["all", ...time.totals.map(seconds)]],
    }),
    bounds.length === 0 ? null : element("details", {}, element("summary", {}, "What a faster disk could save"), table([["on the clock", ...bounds.map((one) => one.name)],
      ["as it was", ...bounds.map((one) => seconds(one.seconds))],
      ["had the disk been infinitely fast", ...bound("infinitely_fast_disk_seconds")],
      ["had intermediate files cost nothing at all", ...bound("free_intermediate_files_seconds")]])),
  ];
};

const phases = ({phases}) => phases && chart({
  name: "phases", title: "By phase", about: "Busy seconds of all workers in each phase of the data flow.", legend: legendFor(phases.modes), draw: paired(phases),
  caption: "Lines with ends are intervals. Workers run at the same time, so this adds up to more than the time on the clock.",
  numbers: [["", ...phases.modes], ...phases.rows.map(({name, parts}) => [name, ...parts.map((part) => seconds(part.value))])],
});

const roofline = ({roofline}) => roofline && [
  element("h3", {}, "How near to the best of this machine"), table(roofline.rows), element("p", {class: "soft"}, roofline.sentence)];

const memory = ({memory}) => memory && chart({
  name: "memory", title: "What the memory was for", about: `When the process was largest: ${memory.modes.map((mode, i) => `${bytes(memory.totals[i])} in ${mode}`).join(", ")}.`,
  legend: legendFor(memory.modes),
  draw: paired(memory, {words: bytes, format: bytes, unit: binaryUnit(Math.max(...memory.rows.flatMap((row) => row.parts.map((part) => part.interval[1]))))}),
  caption: "Lines with ends are intervals.",
  numbers: [["", ...memory.modes], ...memory.rows.map(({name, parts}) => [name, ...parts.map((part) => bytes(part.value))]), ["all", ...memory.totals.map(bytes)]],
});

const titleOf = (report) => report.heading?.title ?? report.job;

/** The question that a report answers, with the answer. */
const answered = (report, i) => element("li", {}, element("b", {}, `${report.heading?.question ?? report.job} `), kept(charts[i].headline ?? ""));

/** All modes of all reports on one scale, where there is more than one report, with the machine of each. */
const overview = () => {
  const machine = (report) => report.machine;
  const same = new Set(reports.map(machine)).size === 1;
  return element("section", {class: "overview"}, element("p", {class: "eyebrow"}, "twinmill"), element("h1", {}, `${reports.length} comparisons`),
    reports.some((report) => report.heading) ? element("ol", {class: "also"}, reports.map(answered)) : null,
    chart({
      name: "overview", title: "All reports", wide: true, about: "Seconds on the clock. Shorter is better.",
      legend: legendFor([...new Set(reports.flatMap((report) => report.summary.map(nameOf)))]),
      draw: bars(reports.map((report, i) => ({name: `${i + 1}. ${titleOf(report)}`, rows: report.summary.map((row) => ({
        parts: [{from: 0, to: row.median_seconds, fill: color(nameOf(row)), tip: [`${report.job}, ${nameOf(row)}`, seconds(row.median_seconds), report.machine]}],
        interval: row.ci95_seconds, text: seconds(row.median_seconds)}))})), {barHeight: 14}),
      caption: `Medians; lines with ends are intervals. ${same ? `All on ${reports[0].machine}.` : reports.map((report, i) => `${i + 1}. ${report.job}: ${report.machine}.`).join(" ")}`,
    }));
};

// -- How it was measured --------------------------------------------------------------------------------------------------

const facts = (report, {outputs, options}) => {
  const settings = report.settings;
  const entries = [["machine", report.machine]];
  if (settings) {
    const inputs = settings.inputs.join(", ");
    entries.push(["input", `${inputs}: ${bytes(settings.input_bytes)} in ${count(settings.input_files)} file${settings.input_files === 1 ? "" : "s"}`]);
    entries.push(["settings", `${settings.workers} workers, ${settings.reducers} reducers, a budget of ${bytes(settings.memory_bytes)}, ${settings.page_cache} page cache${options.length ? `, ${options.join(" ")}` : ""}`]);
    if (report.emulated_disk) entries.push(["disk", `${report.emulated_disk} below intermediate files and data between jobs`]);
    entries.push(["measured", `${settings.rounds} rounds in an order drawn from seed ${settings.seed}, after ${settings.warmup} warm-up run${settings.warmup === 1 ? "" : "s"} of each mode`]);
    entries.push(["program", `twinmill ${settings.version}, ${settings.program}`]);
  }
  const others = (report.alternatives ?? []).filter((other) => other.version);
  if (others.length) entries.push(["alternatives", others.map((other) => `${other.name === other.system ? "" : `${other.name}: `}${other.system} ${other.version}`).join(", ")]);
  entries.push(["outputs", `${report.outputs_identical ? "identical, byte by byte" : "THEY DIFFER"} (${outputs.join(", ")})`]);
  return element("dl", {class: "facts"}, entries.flatMap(([name, words]) => [element("dt", {}, name), element("dd", {}, words)]));
};

const everyRun = (report) => table([["round", "mode", "time", "processor time", "peak memory", "files written", "files read"],
  ...report.runs.concat(report.other_runs ?? []).map((run) => [String(run.round + 1), run.variant, seconds(run.wall_seconds), seconds(run.cpu_seconds),
    bytes(run.peak_rss_bytes), bytes(run.counters.FILE_BYTES_WRITTEN), bytes(run.counters.FILE_BYTES_READ)])]);

const stages = ({stages}) => stages.length === 0 ? null : table([["bytes", ...stages.map((one) => one.name)],
  ...stages[0].stages.map(([stage], i) => [stage, ...stages.map((one) => bytes(one.stages[i][1]))])]);

const download = (report) => {
  const name = `twinmill-${report.job}.json`;
  const button = element("button", {type: "button"}, `Download ${name}`);
  button.addEventListener("click", () => store(new Blob([JSON.stringify(report, null, 2)], {type: "application/json"}), name));
  return button;
};

const folded = (summary, ...content) => {
  const shown = content.flat().filter((child) => child != null);
  return shown.length ? element("details", {}, element("summary", {}, summary), shown) : null;
};

// -- The page -------------------------------------------------------------------------------------------------------------

/** A sentence whose intervals say on hover what they mean, and whose end, the cause or what would decide it, is set apart. */
const explained = (sentence, reading) => {
  const words = kept(sentence[0].toUpperCase() + sentence.slice(1));
  const intervals = (part) => part.split(/(\[[\d.]+, [\d.]+\])/).map((part, i) => (i % 2 && reading ? element("abbr", {tabindex: 0, ...tipped([reading])}, part) : part));
  const cut = words.search(/, because |\. The difference is unexplained|; only |; about /);
  return cut < 0 ? intervals(words) : [intervals(words.slice(0, cut)), element("span", {class: "cause"}, intervals(words.slice(cut)))];
};

/** The kind of the verdict in a word, where the headline is about two columns. */
const KINDS = {different: "different", equivalent: "equivalent", undecided: "undecided"};
const kindOf = ({verdicts}, headline) => {
  const first = verdicts?.[0];
  return first && headline.includes(first.a) && headline.includes(first.b) ? element("span", {class: `kind ${first.kind}`}, KINDS[first.kind]) : null;
};

/** Subjects of facts about other programs. */
const OF_OTHERS = new Set(["the simplest tool that is enough", "whether a framework pays", "processors that beat one thread", "one cluster framework against another", "other programs"]);
const findings = (facts, {reading}) => facts.length === 0 ? null : element("ol", {class: "also"}, facts.map((fact) => element("li", {value: fact.number}, explained(fact.text, reading))));

const way = (one) => element("div", {class: "way", style: `--accent:${color(one.name)}`},
  element("p", {class: "name"}, element("b", {}, one.name), ` ${one.whose}`),
  element("p", {class: "figure"}, seconds(one.median_seconds)),
  element("p", {}, one.about),
  one.peak_rss_bytes == null ? null : element("p", {class: "soft"}, `Memory at its peak: ${bytes(one.peak_rss_bytes)}.`));

const article = (report, i) => {
  const charted = charts[i];
  const rounds = Math.max(0, ...report.runs.map((run) => run.round + 1));
  const headline = charted.headline ?? "There is nothing to compare: only one mode has run.";
  // The last facts stand below their charts.
  const others = report.facts.filter((fact) => fact.text !== headline && (report.verdict.includes(fact.text) || OF_OTHERS.has(fact.about)));
  return element("article", {"data-report": i},
    element("p", {class: "eyebrow"}, `${reports.length > 1 ? `${i + 1}. ` : "twinmill · "}${titleOf(report)}`, kindOf(report, headline)),
    report.heading ? element("p", {class: "about"}, `${report.heading.question} (${report.job})`) : null,
    charted.busy ? element("p", {class: "alarm"}, charted.busy) : null,
    element("h1", {class: "verdict"}, explained(headline, charted.reading)),
    report.outputs_identical ? null : element("p", {class: "alarm"}, "The outputs differ, so the times are of different work."),
    charted.reading && /\[[\d.]+, [\d.]+\]/.test(headline) ? element("p", {class: "reading"}, charted.reading) : null,
    element("div", {class: "ways"}, charted.ways.map(way)),
    element("p", {class: "soft"}, `${report.settings ? `${bytes(report.settings.input_bytes)} of input, ` : ""}${rounds} run${rounds === 1 ? "" : "s"} of each mode, ${report.machine}${report.emulated_disk ? `, with an ${report.emulated_disk}` : ""}`),
    flowChart(report, charted),
    element("div", {class: "rest"},
      times(report, charted),
      findings(others.filter((fact) => !OF_OTHERS.has(fact.about)), charted),
      tools(report, charted),
      findings(others.filter((fact) => OF_OTHERS.has(fact.about)), charted),
      ladder(report, charted),
      iterations(charted),
      sweep(report, charted),
      growth(report, "scale"),
      growth(report, "iterations"),
      timelines(charted),
      time(report, charted)),
    element("section", {class: "more"}, element("h2", {}, "More"),
      folded("The phases of the work", phases(charted), roofline(charted)),
      folded("Memory by purpose", memory(charted)),
      folded("Bytes through each stage", stages(charted)),
      folded("How it was measured", facts(report, charted),
        charted.command.length ? element("pre", {}, charted.command.flatMap((word, i) => [i ? " " : "", element("span", {}, word)])) : null,
        download(report)),
      folded("Every run", everyRun(report)),
      folded("Glossary", document.getElementById("glossary").content.cloneNode(true))));
};

// -- Claims and lessons ---------------------------------------------------------------------------------------------------

const paragraph = ({label, text}) => element("p", {class: "said"}, label ? element("b", {}, `${label} `) : null, kept(text));

const card = (claim) => element("div", {class: `claim ${claim.kind}`},
  element("p", {class: "name"}, element("span", {class: `kind ${claim.kind}`}, claim.verdict), element("b", {}, claim.text)),
  claim.source ? element("p", {class: "soft"}, `after ${claim.source}`, claim.url ? [" ", element("a", {href: claim.url, rel: "noreferrer"}, claim.url)] : null) : null,
  claim.meaning ? element("p", {}, claim.meaning) : null,
  element("ul", {class: "also"}, claim.sentences.map((sentence) => element("li", {}, kept(sentence)))),
  claim.remarks.map((remark) => element("p", {class: "soft"}, kept(remark))));

const link = ({href, title, verdicts}) => element("li", {}, href ? element("a", {href}, title) : title,
  verdicts.map(({kind, text}) => element("p", {class: "soft"}, element("span", {class: `kind ${kind}`}, kind), text)));

const sheetShown = ({eyebrow, title, before, guess, claims, after, links}) => element("section", {class: "sheet"},
  element("p", {class: "eyebrow"}, eyebrow), element("h1", {}, title), before.map(paragraph),
  guess ? element("div", {class: "guess"}, element("p", {}, element("b", {}, "Guess first. "), guess.question),
    element("details", {}, element("summary", {}, "Show what was measured"), element("p", {}, guess.answer))) : null,
  claims.length ? element("h2", {}, "What was measured") : null, claims.map(card),
  after.map(paragraph),
  links.length ? element("ol", {class: "also links"}, links.map(link)) : null);

document.getElementById("page").replaceChildren(...(sheet ? [sheetShown(sheet)] : []), ...(reports.length > 1 ? [overview()] : []), ...reports.map(article));
