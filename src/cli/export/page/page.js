"use strict";
// Draws the reports that are embedded in the page. Every number and sentence comes from the JSON; what is computed here is
// where it stands on the screen.

const embedded = (id) => JSON.parse(document.getElementById(id).textContent);
const reports = embedded("reports");
const charts = embedded("charts");

// -- Figures as people read them ------------------------------------------------------------------------------------------

const digits = (value) => {
  const size = Math.abs(value);
  return value.toFixed(size >= 99.95 ? 0 : size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3);
};
const seconds = (value) => (Math.abs(value) < 0.1 ? `${digits(value * 1e3)} ms` : `${digits(value)} s`);
const signed = (value) => (value < 0 ? `−${seconds(-value)}` : `+${seconds(value)}`);
const bytes = (value) => {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (value >= 1000 && unit + 1 < units.length) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : value < 10 ? 2 : 1)} ${units[unit]}`;
};
const count = (value) => value.toLocaleString("en-US");
const interval = (ci, format) => (ci ? `${format(ci[0])} … ${format(ci[1])}` : "unknown (one round)");

// -- The page's own little language ---------------------------------------------------------------------------------------

const element = (name, attributes = {}, ...children) => {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children.flat().filter((child) => child != null));
  return made;
};

/** A table of rows of cells, the first row its head. */
const table = (rows) =>
  element("div", {class: "scroll"}, element("table", {},
    element("thead", {}, element("tr", {}, rows[0].map((cell) => element("th", {scope: "col"}, cell)))),
    element("tbody", {}, rows.slice(1).map((row) => element("tr", {}, row.map((cell) => element("td", {}, cell)))))));

const numbers = (rows) => element("details", {}, element("summary", {}, "The numbers"), table(rows));

const legend = (entries) =>
  element("div", {class: "legend"}, entries.map(([name, color]) =>
    element("span", {}, element("i", {style: `background:${color}`}), name)));

/**
 * A chart that is drawn anew when its place changes width. `draw` is given the width; the plot is kept on the figure, where
 * tests find its scales.
 */
const chart = (name, label, draw, caption) => {
  const place = element("div");
  const figure = element("figure", {class: "card", "data-chart": name}, place, caption && element("figcaption", {}, caption));
  let drawn = 0;
  const redraw = () => {
    const width = Math.floor(place.clientWidth);
    if (width === 0 || width === drawn) return;
    drawn = width;
    figure.plot = draw(width);
    const svg = figure.plot.tagName === "svg" ? figure.plot : figure.plot.querySelector("svg:last-of-type");
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", label);
    place.replaceChildren(figure.plot);
  };
  new ResizeObserver(redraw).observe(place);
  return figure;
};

const style = {fontSize: "13px", fontFamily: "inherit", background: "none", color: "currentColor", overflow: "visible"};
/** As many ticks as have room for their labels. */
const ticks = (width) => Math.max(2, Math.min(8, Math.floor(width / 110)));
const secondsAxis = (width, extra = {}) => ({grid: true, label: "seconds →", labelOffset: 36, ticks: ticks(width), zero: true, ...extra});
/** Names of bars stand in them or, where they are too short, behind everything that is drawn at them. */
const barLabels = (rows, {value, free = value, end, y, width}) => {
  const most = d3.max(rows, end);
  const fits = (row) => (free(row) / most) * width > 80;
  return [
    Plot.text(rows.filter(fits), {x: 0, y, text: (d) => seconds(value(d)), textAnchor: "start", dx: 6, fontWeight: 600, fill: "var(--paper)"}),
    Plot.text(rows.filter((row) => !fits(row)), {x: end, y, text: (d) => seconds(value(d)), textAnchor: "start", dx: 8, fontWeight: 600, fill: "currentColor"}),
  ];
};

// -- What the charts show -------------------------------------------------------------------------------------------------

const nameOf = (row) => row.variant ?? row.mode;
const color = (name) => `var(--${name.replace(/ .*/, "")})`;
const leftMargin = (names) => Math.min(150, 16 + 7.5 * Math.max(...names.map((name) => name.length)));

const times = (report, {modes}) => {
  const rows = report.summary.map((row) => ({...row, name: nameOf(row)}));
  const runs = report.runs.map((run) => ({name: run.variant, time: run.wall_seconds, round: run.round + 1}));
  const names = rows.map((row) => row.name);
  return [
    chart("times", "Median time of each mode with its 95 % interval and every run", (width) => Plot.plot({
      width, style, height: 56 + 56 * rows.length, marginBottom: 44, marginLeft: leftMargin(names), marginRight: 24,
      x: secondsAxis(width), y: {domain: names, label: null, tickSize: 0},
      marks: [
        Plot.barX(rows, {x: "median_seconds", y: "name", fill: (d) => color(d.name), fillOpacity: 0.8, insetTop: 10, insetBottom: 10}),
        Plot.dot(runs, {x: "time", y: "name", r: 3, fill: "currentColor", fillOpacity: 0.55, dy: 16, channels: {round: "round"}, tip: {format: {x: seconds, y: true}}}),
        Plot.ruleY(rows, {y: "name", x1: (d) => d.ci95_seconds[0], x2: (d) => d.ci95_seconds[1], strokeWidth: 2, marker: "tick"}),
        barLabels(rows, {value: (d) => d.median_seconds, free: (d) => d.ci95_seconds[0], end: (d) => Math.max(d.max_seconds, d.ci95_seconds[1]), y: "name", width: width - leftMargin(names) - 24}),
        Plot.ruleX([0]),
      ],
    }), "Bars are medians, lines their 95 % intervals, dots the single runs. Shorter is better."),
    numbers([["", "median", "shortest", "longest", "95 % interval", "runs"], ...rows.map((row) => [
      row.name, seconds(row.median_seconds), seconds(row.min_seconds), seconds(row.max_seconds),
      interval(row.ci95_seconds, seconds), count(modes.find((mode) => mode.name === row.name).runs)])]),
  ];
};

/** Modes and alternatives: start-up in front of work, so that the end of a bar is when the answer is there. */
const tools = (report, {absences}) => {
  if (!report.tools) return null;
  const rows = report.tools;
  const fill = (tool) => (tool.mode ? color(tool.mode) : "var(--other)");
  const fastest = rows.find((tool) => tool.mode && tool.framework);
  const answer = (tool) => (tool.agrees == null ? "–" : tool.agrees ? "equal" : "DIFFERS");
  const margin = leftMargin(rows.map((tool) => tool.name));
  return [
    report.alternatives_agree === false ? element("p", {class: "alarm"}, `Answers differ from twinmill's: ${rows.filter((tool) => tool.agrees === false).map((tool) => tool.name).join(", ")}.`) : null,
    legend([["start-up", "var(--startup)"], ...["disk", "memory", "reference"].filter((mode) => rows.some((tool) => tool.mode === mode)).map((mode) => [mode, color(mode)]),
      ...(rows.some((tool) => !tool.mode) ? [["other programs", "var(--other)"]] : [])]),
    chart("tools", "Start-up and work of modes and alternatives", (width) => Plot.plot({
      width, style, height: 56 + 36 * rows.length, marginBottom: 44, marginLeft: margin, marginRight: 64,
      x: secondsAxis(width), y: {domain: rows.map((tool) => tool.name), label: null, tickSize: 0},
      marks: [
        Plot.barX(rows, {x1: 0, x2: "startup_seconds", y: "name", fill: "var(--startup)", insetTop: 6, insetBottom: 6}),
        Plot.barX(rows, {x1: "startup_seconds", x2: "total_seconds", y: "name", fill, fillOpacity: 0.8, insetTop: 6, insetBottom: 6,
          channels: {work: {value: (d) => seconds(d.median_seconds), label: "work"}, start: {value: (d) => seconds(d.startup_seconds), label: "start-up"}, answer: {value: answer, label: "answer"}},
          tip: {format: {x: false, x1: false, x2: false, y: true, fill: false}}}),
        Plot.text(rows, {x: "total_seconds", y: "name", text: (d) => seconds(d.total_seconds), textAnchor: "start", dx: 6, fontWeight: 600, fill: "currentColor"}),
        Plot.ruleX([0]),
      ],
    }), `Medians. Work is from the first read to the last write, by each program's own clock; start-up is the rest of its process.${absences.map((absence) => ` ${absence}.`).join("")}`),
    numbers([["", "work", "range", "start-up", "processor time", "peak memory", fastest ? `× ${fastest.name}` : "", "processors", "version", "answer"], ...rows.map((tool) => [
      tool.name, seconds(tool.median_seconds), `${seconds(tool.min_seconds)} – ${seconds(tool.max_seconds)}`, seconds(tool.startup_seconds), seconds(tool.cpu_seconds),
      bytes(tool.peak_rss_bytes), tool.times_fastest_mode == null ? "" : `${tool.times_fastest_mode.toFixed(2)}×`, count(tool.processors), tool.version ?? "", answer(tool)])]),
  ];
};

const phases = ({modes}) => {
  const shown = modes.filter((mode) => mode.framework);
  if (shown.length === 0) return null;
  const names = shown.map((mode) => mode.name);
  const order = shown[0].framework.phases.map(([phase]) => phase);
  const rows = shown.flatMap(({name, framework}) => framework.phases.map(([phase, busy]) => ({name, phase, busy})));
  const fill = (phase) => `var(--p${order.indexOf(phase)})`;
  const cell = (name, phase) => rows.find((row) => row.name === name && row.phase === phase).busy;
  return [
    legend(order.map((phase) => [phase, fill(phase)])),
    chart("phases", "Busy time of all workers by phase", (width) => Plot.plot({
      width, style, height: 60 + 46 * names.length, marginBottom: 44, marginLeft: leftMargin(names), marginRight: 24,
      x: secondsAxis(width, {label: "busy seconds of all workers →"}), y: {domain: names, label: null, tickSize: 0},
      marks: [
        Plot.barX(rows, Plot.stackX({x: "busy", y: "name", fill: (d) => fill(d.phase), order: null, insetTop: 6, insetBottom: 6, channels: {phase: "phase", busy: {value: (d) => seconds(d.busy), label: "busy"}}, tip: {format: {x: false, x1: false, x2: false, fill: false, y: true}}})),
        Plot.ruleX([0]),
      ],
    }), "Median over the runs. Workers run at the same time, so this adds up to more than the time on the clock."),
    numbers([["", ...order], ...names.map((name) => [name, ...order.map((phase) => seconds(cell(name, phase)))])]),
  ];
};

/** Colours of the groups of what workers do and wait for. */
const TIME = {
  parsing: "--p3", job: "--p0", combining: "--p1", encoding: "--p6", sorting: "--p5", merging: "--p4", copying: "--copy",
  file_calls: "--p2", other: "--soft", disk_wait: "--wait-disk", task_wait: "--wait-task", processor_wait: "--wait-cpu",
};

const workersTime = ({modes}) => {
  const shown = modes.filter((mode) => mode.framework?.time);
  if (shown.length === 0) return [];
  const names = shown.map((mode) => mode.name);
  const groups = shown[0].framework.time.groups;
  const rows = shown.flatMap(({name, framework}) => framework.time.groups.map(({group, name: doing, seconds}) => ({name, group, doing, time: seconds})));
  const fill = (group) => `var(${TIME[group]})`;
  const cell = (name, group) => rows.find((row) => row.name === name && row.group === group).time;
  const bounds = (which) => shown.map(({framework}) => seconds(framework.time.bounds[which]));
  return [
    legend(groups.map(({group, name}) => [name, fill(group)])),
    chart("time", "What workers did and waited for", (width) => Plot.plot({
      width, style, height: 60 + 46 * names.length, marginBottom: 44, marginLeft: leftMargin(names), marginRight: 24,
      x: secondsAxis(width, {label: "seconds of all workers →"}), y: {domain: names, label: null, tickSize: 0},
      marks: [
        Plot.barX(rows, Plot.stackX({x: "time", y: "name", fill: (d) => fill(d.group), order: null, insetTop: 6, insetBottom: 6, channels: {doing: "doing", time: {value: (d) => seconds(d.time), label: "time"}}, tip: {format: {x: false, x1: false, x2: false, fill: false, y: true}}})),
        Plot.ruleX([0]),
      ],
    }), "What workers computed, and behind it, in black and greys, what they waited for. Copying to and from the page cache is in the calls to files."),
    table([["on the clock", ...names],
      ["as it was", ...shown.map((mode) => seconds(mode.seconds))],
      ["had the disk been infinitely fast", ...bounds("infinitely_fast_disk_seconds")],
      ["had intermediate files cost nothing at all", ...bounds("free_intermediate_files_seconds")]]),
    numbers([["", ...names], ...groups.map(({group, name}) => [name, ...names.map((mode) => seconds(cell(mode, group)))])]),
  ];
};

const timeline = ({timelines}) => {
  if (timelines.length === 0) return null;
  const end = Math.max(...timelines.map((run) => run.seconds));
  const most = Math.max(...timelines.flatMap(({tasks}) => tasks.map((task) => task.row)));
  const fill = {map: "var(--p0)", reduce: "var(--p1)", failed: "var(--bad)", killed: "var(--soft)"};
  const kinds = Object.keys(fill).filter((kind) => timelines.some(({tasks}) => tasks.some((task) => task.kind === kind)));
  return [
    legend(kinds.map((kind) => [kind === "map" || kind === "reduce" ? `${kind} task` : `${kind} attempt`, fill[kind]])),
    element("div", {class: "side"}, timelines.map(({variant, round, seconds: took, tasks}) => chart(`timeline ${variant}`, `Tasks of a run in ${variant}`, (width) => Plot.plot({
      width, style, height: 64 + 26 * most, marginBottom: 44, marginLeft: 30, marginRight: 16,
      x: secondsAxis(width, {domain: [0, end]}), y: {domain: d3.range(1, most + 1), label: null, tickSize: 0},
      marks: [
        Plot.barX(tasks, {x1: "start_seconds", x2: "end_seconds", y: "row", fill: (d) => fill[d.kind], insetTop: 3, insetBottom: 3, insetRight: 0.4,
          channels: {task: "id", took: {value: (d) => seconds(d.end_seconds - d.start_seconds), label: "took"}, records: {value: (d) => count(d.records), label: "records"}, read: {value: (d) => bytes(d.bytes), label: "bytes"}},
          tip: {format: {x: false, x1: false, x2: false, y: false, fill: false}}}),
        Plot.ruleX([took], {stroke: color(variant), strokeWidth: 2}),
      ],
    }), `${variant}: round ${round + 1}, the run in the middle; it ended after ${seconds(took)}. Rows are workers.`))),
  ];
};

const stages = ({modes}) => {
  const shown = modes.filter((mode) => mode.framework);
  if (shown.length === 0) return null;
  const names = shown.map((mode) => mode.name);
  const order = shown[0].framework.stages.map(([stage]) => stage);
  const rows = shown.flatMap(({name, framework}) => framework.stages.map(([stage, bytes]) => ({stage, name, bytes})));
  const largest = d3.max(rows, (row) => row.bytes) || 1;
  const unit = 1024 ** Math.min(4, Math.floor(Math.log(largest) / Math.log(1024)));
  const cell = (name, stage) => rows.find((row) => row.name === name && row.stage === stage).bytes;
  return [
    legend(names.map((name) => [name, color(name)])),
    chart("stages", "Bytes through each stage", (width) => Plot.plot({
      width, style, height: 52 + order.length * (14 + 14 * names.length), marginBottom: 44, marginLeft: 112, marginRight: 24,
      x: {grid: true, label: `${bytes(unit).split(" ")[1]} →`, labelOffset: 36, ticks: ticks(width), zero: true, transform: (value) => value / unit},
      y: {domain: names, axis: null}, fy: {domain: order, label: null, padding: 0.25, axis: null},
      marks: [
        Plot.axisFy({anchor: "left", textAnchor: "end", dx: -6, label: null, fontSize: 12}),
        Plot.barX(rows, {x: "bytes", y: "name", fy: "stage", fill: (d) => color(d.name), insetTop: 1, insetBottom: 1,
          channels: {mode: "name", amount: {value: (d) => bytes(d.bytes), label: "bytes"}}, tip: {format: {x: false, y: false, fy: true, fill: false}}}),
        Plot.ruleX([0]),
      ],
    }), "Median over the runs. Files lie in the page cache until the kernel writes them, so less may reach the device."),
    numbers([["", ...names], ...order.map((stage) => [stage, ...names.map((name) => bytes(cell(name, stage)))])]),
  ];
};

const ladder = (report, {ladder: sentence}) => {
  if (!report.ladder) return null;
  const label = (step) => (step.changed ? `${step.changed.replace("_", " ")} ${step.factors[step.changed]}` : "disk");
  const steps = report.ladder.map((step, i) => ({...step, label: label(step), before: i ? report.ladder[i - 1].median_seconds : 0, i}));
  const rungs = steps.filter((step) => !step.does_not_apply);
  const names = [...rungs.map((step) => step.label), "memory"];
  const last = steps.at(-1);
  const ends = [{label: "disk", value: steps[0].median_seconds, name: "disk"}, {label: "memory", value: last.median_seconds, name: "memory"}];
  const changes = rungs.slice(1);
  const longest = d3.max(rungs, (step) => step.median_seconds);
  return [
    chart("ladder", "From disk to memory one factor at a time", (width) => Plot.plot({
      width, style, height: 60 + 50 * names.length, marginBottom: 44, marginLeft: 148, marginRight: 30,
      x: secondsAxis(width - 150), y: {domain: names, label: null, tickSize: 0},
      marks: [
        Plot.barX(ends, {x: "value", y: "label", fill: (d) => color(d.name), insetTop: 11, insetBottom: 8}),
        Plot.barX(changes, {x1: "before", x2: "median_seconds", y: "label", fill: (d) => (d.difference_seconds < 0 ? "var(--p5)" : "var(--bad)"), insetTop: 11, insetBottom: 8}),
        Plot.ruleY(changes.filter((d) => d.difference_ci95), {y: "label", x1: (d) => Math.max(0, d.before + d.difference_ci95[0]), x2: (d) => d.before + d.difference_ci95[1], strokeWidth: 1.5, marker: "tick"}),
        barLabels(ends, {value: (d) => d.value, end: (d) => d.value, y: "label", width: width - 178}),
        ...[true, false].map((left) => Plot.text(changes.filter((d) => d.before < longest / 3 === left), {x: left ? (d) => Math.min(d.before, d.median_seconds) : (d) => Math.max(d.before, d.median_seconds), y: "label", text: (d) => signed(d.difference_seconds), dy: -19, textAnchor: left ? "start" : "end", fontWeight: 600, stroke: "var(--card)", fill: "currentColor"})),
        Plot.ruleX([0]),
      ],
    }), `Green: the factor saved time; red: it cost time; lines are 95 % intervals of the difference. ${sentence}`),
    numbers([["step", "time", "difference", "95 % interval", "files written", "files read", "shuffled", "input read"], ...steps.map((step) =>
      step.does_not_apply
        ? [step.label, `does not apply (${step.does_not_apply})`, "", "", "", "", "", ""]
        : [step.label, seconds(step.median_seconds), step.changed ? signed(step.difference_seconds) : "", step.changed ? interval(step.difference_ci95, signed) : "",
          bytes(step.bytes.file_written), bytes(step.bytes.file_read), bytes(step.bytes.shuffle), bytes(step.bytes.input_read)])]),
  ];
};

const iterations = ({modes}) => {
  const shown = modes.filter((mode) => mode.iteration_seconds.length);
  if (shown.length === 0) return null;
  const names = shown.map((mode) => mode.name);
  const rows = shown.flatMap(({name, iteration_seconds}) => iteration_seconds.map((time, i) => ({name, iteration: i + 1, time})));
  const last = d3.max(rows, (row) => row.iteration);
  const scale = d3.max(rows, (row) => row.time) < 0.1 ? 1e3 : 1;
  return [
    legend(names.map((name) => [name, color(name)])),
    chart("iterations", "Time of each iteration", (width) => Plot.plot({
      width, style, height: 280, marginBottom: 44, marginLeft: 48, marginRight: 16, marginTop: 24,
      x: {label: "iteration →", labelOffset: 36, domain: [0.5, last + 0.5], ticks: d3.range(1, last + 1, Math.max(1, Math.ceil(last / ticks(width)))), tickFormat: "d"},
      y: {grid: true, zero: true, label: scale === 1 ? "↑ seconds" : "↑ milliseconds", transform: (value) => value * scale},
      marks: [
        Plot.ruleY([0]),
        Plot.line(rows, {x: "iteration", y: "time", z: "name", stroke: (d) => color(d.name), strokeWidth: 2}),
        Plot.dot(rows, {x: "iteration", y: "time", fill: (d) => color(d.name), r: 4, channels: {mode: "name", took: {value: (d) => seconds(d.time), label: "took"}}, tip: {format: {y: false, fill: false}}}),
      ],
    }), "Median over the runs. What is read before the loop and written behind it is not in it."),
    numbers([["iteration", ...names], ...d3.range(1, last + 1).map((i) => [String(i), ...names.map((name) => {
      const row = rows.find((row) => row.name === name && row.iteration === i);
      return row ? seconds(row.time) : "–";
    })])]),
  ];
};

const sweep = (report, {memory_sweep: sentence}) => {
  if (!report.memory_sweep) return null;
  const points = report.memory_sweep;
  const summary = report.memory_sweep_summary;
  const disk = summary.disk_median_seconds;
  const largest = d3.max(points, (point) => point.spilled_bytes) || 1;
  const unit = 1024 ** Math.min(4, Math.floor(Math.log(Math.max(largest, 1)) / Math.log(1024)));
  const x = (width) => ({label: "memory, % of the working set →", labelOffset: 36, ticks: width < 420 ? 3 : points.map((point) => point.percent), tickFormat: (value) => `${value}`, grid: true});
  return [
    legend([["memory mode", color("memory")], ...(disk == null ? [] : [["disk mode, for comparison", color("disk")]])]),
    element("div", {class: "side"},
      chart("sweep time", "Time against memory", (width) => Plot.plot({
        width, style, height: 300, marginBottom: 44, marginLeft: 52, marginRight: 16, marginTop: 24, x: x(width), y: {grid: true, zero: true, label: "↑ seconds"},
        marks: [
          Plot.ruleY([0]),
          disk == null ? null : Plot.ruleY([disk], {stroke: color("disk"), strokeWidth: 2, strokeDasharray: "6 4"}),
          Plot.ruleX(points, {x: "percent", y1: (d) => d.ci95_seconds[0], y2: (d) => d.ci95_seconds[1], strokeWidth: 1.5, marker: "tick"}),
          Plot.line(points, {x: "percent", y: "median_seconds", stroke: color("memory"), strokeWidth: 2}),
          Plot.dot(points, {x: "percent", y: "median_seconds", fill: color("memory"), r: 5, channels: {took: {value: (d) => seconds(d.median_seconds), label: "took"}, budget: {value: (d) => bytes(d.budget_bytes), label: "budget"}}, tip: {format: {y: false}}}),
        ],
      }), "Medians with 95 % intervals."),
      chart("sweep bytes", "Bytes to files against memory", (width) => Plot.plot({
        width, style, height: 300, marginBottom: 44, marginLeft: 52, marginRight: 16, marginTop: 24, x: x(width),
        y: {grid: true, zero: true, label: `↑ ${bytes(unit).split(" ")[1]} written to files`, transform: (value) => value / unit},
        marks: [
          Plot.ruleY([0]),
          Plot.line(points, {x: "percent", y: "spilled_bytes", stroke: color("memory"), strokeWidth: 2}),
          Plot.dot(points, {x: "percent", y: "spilled_bytes", fill: color("memory"), r: 5, channels: {written: {value: (d) => bytes(d.spilled_bytes), label: "written"}}, tip: {format: {y: false}}}),
        ],
      }), sentence)),
    numbers([["memory", "budget", "time", "95 % interval", "to files", "reserved", "peak memory"], ...points.map((point) => [
      `${point.percent} %`, bytes(point.budget_bytes), seconds(point.median_seconds), interval(point.ci95_seconds, seconds),
      bytes(point.spilled_bytes), bytes(point.peak_reserved_bytes), bytes(point.peak_rss_bytes)])]),
  ];
};

const growth = (report, axis) => {
  const found = report.growths?.find((growth) => growth.axis === axis);
  if (!found) return null;
  const names = found.fits.map((fit) => fit.mode);
  const rows = found.points.flatMap((point) => point.modes.map((row) => ({...row, amount: point.amount})));
  const ofScale = axis === "scale";
  const unit = ofScale ? 2 ** 20 : 1;
  const amount = (value) => (ofScale ? bytes(value) : count(value));
  const fitted = (fit) => (fit.exponent !== undefined ? `∝ size^${fit.exponent.toFixed(2)}`
    : fit.iteration_seconds !== undefined ? `${seconds(Math.max(0, fit.once_seconds))} + ${seconds(Math.max(0, fit.iteration_seconds))} each` : "–");
  const cell = (point, name) => seconds(point.modes.find((row) => row.mode === name).median_seconds);
  const ratio = ({value, ci95}) => `${value.toFixed(2)}×${ci95 ? ` [${ci95.map((end) => end.toFixed(2)).join(", ")}]` : ""}`;
  const compared = found.points[0].ratio;
  return [
    legend(names.map((name) => [name, color(name)])),
    chart(`growth ${axis}`, `Time against ${ofScale ? "the size of the input" : "iterations"}`, (width) => Plot.plot({
      width, style, height: 320, marginLeft: 56, marginRight: 24, marginTop: 24, marginBottom: 44,
      x: {type: ofScale ? "log" : "linear", zero: !ofScale, label: ofScale ? "MiB of input →" : "iterations →", labelOffset: 36, grid: true, ticks: ticks(width) / 1.5, tickFormat: ofScale ? "~r" : "d", transform: (value) => value / unit},
      y: {type: ofScale ? "log" : "linear", zero: !ofScale, label: "↑ seconds", grid: true, ticks: 5, tickFormat: "~r"},
      marks: [
        ofScale ? null : Plot.ruleY([0]),
        Plot.ruleX(rows, {x: "amount", y1: (d) => d.ci95_seconds[0], y2: (d) => d.ci95_seconds[1], strokeWidth: 1.5, strokeOpacity: 0.6, marker: "tick"}),
        Plot.line(rows, {x: "amount", y: "median_seconds", z: "mode", stroke: (d) => color(d.mode), strokeWidth: 2}),
        Plot.dot(rows, {x: "amount", y: "median_seconds", fill: (d) => color(d.mode), r: 4.5, channels: {mode: "mode", took: {value: (d) => seconds(d.median_seconds), label: "took"}, amount: {value: (d) => amount(d.amount), label: ofScale ? "input" : "iterations"}}, tip: {format: {x: false, y: false, fill: false}}}),
      ],
    }), `${found.verdict}${ofScale ? " Both axes are logarithmic: a straight line is a power of the size." : ""}`),
    numbers([[ofScale ? "size" : "iterations", ...names, ...(compared ? [`${compared.of} / ${compared.to}`] : [])],
      ...found.points.map((point) => [amount(point.amount), ...names.map((name) => cell(point, name)), ...(compared ? [ratio(point.ratio)] : [])]),
      ["fitted", ...found.fits.map(fitted), ...(compared ? [""] : [])]]),
  ];
};

/** All modes of all reports on one scale, where there is more than one report. */
const overview = () => {
  const title = (report, i) => `${i + 1}. ${report.job}`;
  const rows = reports.flatMap((report, i) => report.summary.map((row) => ({...row, name: nameOf(row), report: title(report, i)})));
  return element("section", {}, element("h2", {}, "All reports"),
    legend([...new Set(rows.map((row) => row.name))].map((name) => [name, color(name)])),
    chart("overview", "Median times of all reports", (width) => Plot.plot({
      width, style, height: 60 + 24 * rows.length + 16 * reports.length, marginBottom: 44, marginLeft: 132, marginRight: 60,
      x: secondsAxis(width), y: {axis: null}, fy: {domain: reports.map(title), padding: 0.2, axis: null},
      marks: [
        Plot.axisFy({anchor: "left", textAnchor: "end", dx: -6, label: null, fontSize: 12}),
        Plot.barX(rows, {x: "median_seconds", y: "name", fy: "report", fill: (d) => color(d.name), insetTop: 2, insetBottom: 2}),
        Plot.text(rows, {x: "median_seconds", y: "name", fy: "report", text: (d) => seconds(d.median_seconds), textAnchor: "start", dx: 4, fontSize: 11}),
        Plot.ruleX([0]),
      ],
    }), reports.map((report, i) => `${title(report, i)}: ${report.machine}`).join(" · ")));
};

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
  return element("dl", {class: "facts"}, entries.flatMap(([name, text]) => [element("dt", {}, name), element("dd", {}, text)]));
};

const download = (name, value) => {
  const button = element("button", {type: "button"}, `Download ${name}`);
  button.addEventListener("click", () => {
    const url = URL.createObjectURL(new Blob([JSON.stringify(value, null, 2)], {type: "application/json"}));
    const link = element("a", {href: url, download: name});
    link.click();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  });
  return button;
};

const section = (title, about, content) =>
  content && element("section", {}, element("h2", {}, title), about && element("p", {class: "soft"}, about), ...content);

const article = (report, i) => {
  const charted = charts[i];
  const rounds = d3.max(report.runs, (run) => run.round + 1) ?? 0;
  const verdict = report.verdict.length ? report.verdict : ["There is nothing to compare: only one mode has run."];
  return element("article", {},
    element("h1", {}, `${reports.length > 1 ? `${i + 1}. ` : ""}${report.job}: ${report.summary.map(nameOf).join(", ")}`),
    element("p", {class: "soft"}, `${report.settings ? `${bytes(report.settings.input_bytes)} of input, ` : ""}${rounds} run${rounds === 1 ? "" : "s"} of each mode, ${report.machine}${report.emulated_disk ? `, with an ${report.emulated_disk}` : ""}`),
    verdict.map((sentence) => element("p", {class: "verdict"}, sentence[0].toUpperCase() + sentence.slice(1))),
    report.outputs_identical ? null : element("p", {class: "alarm"}, "The outputs differ, so the times are of different work."),
    section("How long it took", null, times(report, charted)),
    section("What else does the job", "The same input, as many processors as workers, runs in turn with the modes.", tools(report, charted)),
    section("Which factor makes the difference", "From the disk preset to the memory preset, one factor at a time.", ladder(report, charted)),
    section("Where the time goes", null, phases(charted)?.concat(workersTime(charted))),
    section("Iteration by iteration", null, iterations(charted)),
    section("The tasks of a run", "On one time axis.", timeline(charted)),
    section("Bytes through each stage", null, stages(charted)),
    section("With less memory", "Memory mode with parts of what it reserves when the budget is roomy; what does not fit goes to files.", sweep(report, charted)),
    section("With larger inputs", null, growth(report, "scale")),
    section("With more iterations", null, growth(report, "iterations")),
    section("How it was measured", null, [
      facts(report, charted),
      charted.command.length ? element("pre", {}, charted.command.flatMap((word, i) => [i ? " " : "", element("span", {}, word)])) : null,
      element("details", {}, element("summary", {}, "Every run"), table([["round", "mode", "time", "processor time", "peak memory", "files written", "files read"],
        ...report.runs.concat(report.other_runs ?? []).map((run) => [String(run.round + 1), run.variant, seconds(run.wall_seconds), seconds(run.cpu_seconds),
          bytes(run.peak_rss_bytes), bytes(run.counters.FILE_BYTES_WRITTEN), bytes(run.counters.FILE_BYTES_READ)])])),
      download(`twinmill-${report.job}.json`, report),
    ]));
};

document.getElementById("page").replaceChildren(...(reports.length > 1 ? [overview()] : []), ...reports.map(article));
