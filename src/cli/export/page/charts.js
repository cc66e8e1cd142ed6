// A function for each kind of chart. Each returns what `chart` takes to draw itself at a width.

/** The mode that a column is of. */
const modeOf = (name) => /^(disk|memory|reference)\b/.exec(name)?.[0] ?? "other";
const isPlain = (name) => modeOf(name) === name || modeOf(name) === "other";
/** The accent of a mode; a second column of the mode, such as `disk without faults`, has the second tone. */
const color = (name) => `var(--${modeOf(name)}${isPlain(name) ? "" : "-2"})`;
const tint = (name) => `var(--${modeOf(name)}${isPlain(name) ? "-2" : ""})`;

// -- Bars -----------------------------------------------------------------------------------------------------------------

/**
 * Horizontal bars in groups. A row has `parts` from and to a value, and perhaps an interval, dots of single runs below it,
 * and its value in words, which stands behind all of these.
 */
const bars = (groups, {format = plain, unit = 1, barHeight = 20, gap = 14} = {}) => (width) => {
  const rows = groups.flatMap((group) => group.rows);
  const ends = rows.flatMap((row) => [...row.parts.flatMap((part) => [part.from, part.to]), ...(row.interval ?? []), ...(row.dots ?? []).map((dot) => dot.value)]);
  const names = groups.map((group) => group.name);
  const longest = widest([...names, ...groups.map((group) => group.note ?? "")]) + 12;
  const above = longest > width * 0.37;
  const left = above ? widthOf(format(0)) / 2 + 2 : longest;
  const right = Math.min(width * 0.3, widest(rows.map((row) => row.text), SIZE, 600) + 14);
  const x = linear([Math.min(0, ...ends), Math.max(...ends) || 1], [left, width - right]);
  const marks = [];
  let y = 6;
  for (const group of groups) {
    if (above) {
      wrap(group.note ? `${group.name} · ${group.note}` : group.name, width).forEach((words) => { y += 16; marks.push(text(words, 0, y - 3, {class: "name"})); });
    }
    const top = y;
    const height = group.rows.reduce((sum, row) => sum + barHeight + (row.dots ? 12 : 0) + 3, 0);
    if (!above) {
      const middle = y + (group.rows.length > 1 ? height : barHeight) / 2;
      marks.push(text(group.name, left - 10, middle + (group.note ? -2 : 4.5), {"text-anchor": "end", class: "name"}));
      if (group.note) marks.push(text(group.note, left - 10, middle + 13, {"text-anchor": "end", fill: "var(--soft)", "font-size": 11}));
    }
    for (const row of group.rows) {
      const middle = y + barHeight / 2;
      row.parts.forEach(({from, to, fill, opacity, tip}) => marks.push(svg("rect", {class: "bar", x: x(Math.min(from, to)), y, width: Math.max(0.5, Math.abs(x(to) - x(from))), height: barHeight, fill, "fill-opacity": opacity, tabindex: tip ? 0 : null, ...tipped(tip ?? [])})));
      if (row.interval) marks.push(whisker(x(row.interval[0]), x(row.interval[1]), middle, {cap: Math.min(5, barHeight / 3)}));
      (row.dots ?? []).forEach((dot) => marks.push(svg("circle", {class: "run", cx: x(dot.value), cy: y + barHeight + 7, r: 3, fill: "var(--ink)", "fill-opacity": 0.55, ...tipped(dot.tip)})));
      const end = Math.max(...row.parts.flatMap((part) => [part.from, part.to]), row.interval?.[1] ?? 0, ...(row.dots ?? []).map((dot) => dot.value));
      marks.push(text(row.text, x(end) + 9, middle + 4.5, {class: "value", "font-weight": 600}));
      y += barHeight + (row.dots ? 12 : 0) + 3;
    }
    if (above) marks.push(line(x(0), top - 1, x(0), y - 2));
    y += gap;
  }
  const bottom = y - gap + 4;
  return {
    height: bottom + 24, scales: {x},
    marks: [gridX(x, 0, bottom, ticksOf(x, Math.max(2, Math.min(8, Math.floor((width - left - right) / 80))), unit), format), marks, above ? null : line(x(0), 0, x(0), bottom)],
  };
};

const oneRow = (name, row, note) => ({name, note, rows: [row]});

/** Paired bars: a part of an account a group, a mode a row; waiting is paler than work. */
const paired = ({modes, rows}, {words = seconds, ...options} = {}) => bars(rows.map(({name, waiting, parts}) => ({
  name,
  rows: parts.map(({value, interval}, i) => ({
    parts: [{from: 0, to: value, fill: color(modes[i]), opacity: waiting ? 0.5 : null, tip: [`${name}, ${modes[i]}: ${words(value)}`, `runs: ${words(interval[0])} to ${words(interval[1])}`]}],
    interval, text: words(value),
  })),
})), {barHeight: 13, gap: 8, ...options});

// -- Lines ----------------------------------------------------------------------------------------------------------------

/**
 * Lines with an interval at each point. The last value of each line stands at its right, with its name; `levels` are
 * horizontal lines for comparison.
 */
const lines = (series, {x: axisX, y: axisY, height = 260, levels = []}) => (width) => {
  const points = series.flatMap((one) => one.points);
  const xs = points.map((point) => point.x);
  const ys = [...points.flatMap((point) => [point.y, ...(point.interval ?? [])]), ...levels.map((level) => level.y)].filter((y) => !axisY.log || y > 0);
  const ends = [...series.map((one) => ({name: one.name, y: one.points.at(-1).y, color: one.color})), ...levels.map((level) => ({...level}))];
  const labels = ends.map((end) => `${end.name} ${axisY.label(end.y)}`);
  const beside = widest(labels, SIZE, 600) + 20 < width * 0.34;
  const right = beside ? widest(labels, SIZE, 600) + 20 : 14;
  const top = beside ? 10 : 10 + 17 * labels.length;
  const bottom = height - 40;
  const domainY = axisY.log ? [Math.min(...ys) / 1.15, Math.max(...ys) * 1.15] : [Math.min(0, ...ys), Math.max(...ys) * 1.04 || 1];
  const y = (axisY.log ? logarithmic : linear)(domainY, [bottom, top]);
  const ticks = ticksOf(y, Math.floor((bottom - top) / 34), axisY.unit);
  const left = widest(ticks.map(axisY.tick ?? plain)) + 14;
  const inset = 14;
  const domainX = axisX.log ? [Math.min(...xs), Math.max(...xs)] : [axisX.zero ? 0 : Math.min(...xs), Math.max(...xs)];
  const x = (axisX.log ? logarithmic : linear)(domainX, [left + (axisX.zero ? 0 : inset), width - right - inset]);
  const most = Math.floor((width - left - right) / 64);
  const ticksX = (axisX.ticks && axisX.ticks.length <= most ? axisX.ticks : x.ticks(most)).filter((tick) => !axisX.whole || Number.isInteger(tick));
  const marks = [];
  marks.push(gridY(y, left, width - right, ticks, axisY.tick));
  marks.push(line(left, bottom, width - right, bottom));
  marks.push(ticksX.map((tick) => [
    line(x(tick), bottom, x(tick), bottom + 5),
    text((axisX.tick ?? plain)(tick), x(tick), bottom + 19, {"text-anchor": "middle", fill: "var(--soft)", class: "tick"})]));
  marks.push(text(axisX.name, width - right, bottom + 36, {"text-anchor": "end", fill: "var(--soft)", "font-size": 12}));
  for (const level of levels) marks.push(line(left, y(level.y), width - right, y(level.y), {class: "level", stroke: level.color, "stroke-width": 2, "stroke-dasharray": "6 4"}));
  series.forEach((one, i) => {
    // Intervals at one place stand side by side.
    const aside = (i - (series.length - 1) / 2) * 5;
    const shown = one.points.filter((point) => !axisY.log || point.y > 0);
    const path = shown.map((point, i) => `${i ? "L" : "M"}${x(point.x)} ${y(point.y)}`).join("");
    const many = shown.length > 40;
    marks.push(shown.filter((point) => point.interval && !many).map((point) =>
      whisker(y(Math.max(point.interval[0], domainY[0])), y(Math.min(point.interval[1], domainY[1])), x(point.x) + aside, {upright: true, cap: 4, color: one.color})));
    marks.push(svg("path", {d: path, stroke: one.color, "stroke-width": 2, fill: "none", "stroke-linejoin": "round"}));
    marks.push(shown.map((point) => svg("circle", {class: "point", cx: x(point.x), cy: y(point.y), r: many ? 2 : 4, fill: one.color, stroke: "var(--paper)", "stroke-width": 1, ...tipped(point.tip)})));
  });
  if (beside) {
    const places = apart(ends.map((end) => y(end.y)), 17, top, bottom);
    ends.forEach((end, i) => marks.push(text(labels[i], width - right + 10, places[i] + 4.5, {class: "value", fill: end.color, "font-weight": 600})));
  } else {
    ends.forEach((end, i) => marks.push(text(labels[i], left, 13 + 17 * i, {class: "value", fill: end.color, "font-weight": 600})));
  }
  return {height, marks, scales: {x, y}};
};

// -- A run, a row a worker ------------------------------------------------------------------------------------------------

const timelineFill = (variant, kind) => ({map: color(variant), reduce: tint(variant), failed: "var(--bad)", killed: "var(--line)"})[kind];

const DRIVER = {prepare: "preparing: listing the input and planning splits", sample: "sampling the input for ranges of keys", commit: "committing the output", finish: "finishing"};

const timeline = (run, until) => (width) => {
  const names = Array.from({length: run.rows}, (_, i) => (run.of_workers ? `worker ${i + 1}` : `place ${i + 1}`));
  const alone = run.driver.some((span) => span.phase) ? "driver" : "no task";
  const left = widest([...names, alone]) + 12;
  const pitch = run.rows > 12 ? 14 : 26;
  const x = linear([0, until], [left, width - 12]);
  const bottom = pitch * run.rows + 24;
  const marks = [];
  names.forEach((name, i) => { if (pitch > 14 || i % 2 === 0) marks.push(text(name, left - 10, pitch * i + pitch / 2 + 4.5, {"text-anchor": "end", class: "name"})); });
  marks.push(text(alone, left - 10, bottom - 8, {"text-anchor": "end", fill: "var(--soft)", class: "name"}));
  const free = [];
  for (const task of run.tasks) {
    // A map task that a reducer had to make again runs within the reducer's time, on the same worker.
    const inside = task.start_seconds < (free[task.row] ?? 0) - 1e-6;
    free[task.row] = Math.max(free[task.row] ?? 0, task.end_seconds);
    const inset = inside ? pitch / 4 : 2;
    const [from, to] = [x(task.start_seconds), x(task.end_seconds)];
    const wide = Math.max(1, to - from - (to - from > 4 ? 1 : 0));
    const fill = timelineFill(run.variant, task.kind);
    const outcome = task.kind === "failed" || task.kind === "killed" ? `${task.kind}${task.error ? `: ${task.error}` : ""}` : null;
    marks.push(svg("rect", {class: "bar", x: from, y: pitch * (task.row - 1) + inset, width: wide, height: pitch - 2 * inset, fill,
      stroke: inside ? "var(--paper)" : task.kind === "killed" ? "var(--soft)" : null,
      ...tipped([`${task.id}${task.attempt ? `, attempt ${task.attempt + 1}` : ""}`, outcome, `${seconds(task.end_seconds - task.start_seconds)}, from ${seconds(task.start_seconds)} on`, `${count(task.records)} records, ${bytes(task.bytes)} read`, task.host ? `on ${task.host}` : null])}));
    const label = task.kind === "failed" ? "failed" : task.kind === "killed" ? null : task.id.replace(/-0*(?=\d)/, " ");
    const covered = () => run.tasks.some((other) => other.row === task.row && other.start_seconds > task.start_seconds && other.start_seconds < task.end_seconds - 1e-6);
    if (label && pitch > 14 && !inside && widthOf(label, 11, 600) + 10 < wide && !covered())
      marks.push(text(label, from + 5, pitch * (task.row - 1) + pitch / 2 + 4, {"font-size": 11, "font-weight": 600, fill: "var(--paper)", "pointer-events": "none", class: "inside"}));
  }
  run.driver.forEach(({phase, start_seconds: from, end_seconds: to}) => marks.push(svg("rect", {class: "pause", x: x(from), y: bottom - 20, width: Math.max(0.5, x(to) - x(from)), height: 12, fill: "var(--soft)", "fill-opacity": 0.4,
    ...tipped([`${phase ? DRIVER[phase] ?? phase : "no task ran"}: ${seconds(to - from)}`])})));
  return {
    height: bottom + 24, scales: {x},
    marks: [gridX(x, 0, bottom, x.ticks(Math.max(2, Math.floor((width - left) / 80)))), marks, line(x(0), 0, x(0), bottom),
      line(x(run.seconds), 0, x(run.seconds), bottom, {stroke: color(run.variant), "stroke-width": 2, class: "end"})],
  };
};

// -- The way of the bytes -------------------------------------------------------------------------------------------------

const STATIONS = ["input", "map", "spill", "merge passes", "shuffle", "reduce", "output"];

/** A band through places with thicknesses; `turn` swaps the axes. */
const ribbon = (points, turn) => {
  const point = (along, across) => (turn ? `${across},${along}` : `${along},${across}`);
  const edge = (points, side) => points.slice(1).map((to, i) => {
    const from = points[i];
    const bend = (to.along - from.along) / 2;
    return `C${point(from.along + bend, from.across + side * from.thick / 2)} ${point(to.along - bend, to.across + side * to.thick / 2)} ${point(to.along, to.across + side * to.thick / 2)}`;
  }).join("");
  const [first, last] = [points[0], points.at(-1)];
  return `M${point(first.along, first.across - first.thick / 2)}${edge(points, -1)}L${point(last.along, last.across + last.thick / 2)}${edge(points.toReversed(), 1)}Z`;
};

/**
 * The places of a panel. Across the way lie memory, the line that parts it from files, files, and the lane on which data
 * goes back from one job to the next. On a narrow screen the way goes down and memory lies at the left.
 */
const layout = (width, back) => {
  const turn = width < 700;
  const zone = turn ? 44 : 50;
  const side = turn ? 92 : 70;
  const memory = turn ? side + zone / 2 : 34 + zone / 2;
  const files = memory + zone + (turn ? 22 : 26);
  const lane = files + zone / 2 + (turn ? 10 : 26) + back / 2;
  const pitch = turn ? 46 : (width - side - 74) / (STATIONS.length - 1);
  const depth = back > 0 ? lane + back / 2 + (turn ? 8 : 24) : files + zone / 2 + (turn ? 10 : 26);
  return {turn, zone, memory, files, edge: (memory + files) / 2, lane, depth, pitch, start: turn ? 40 : side, length: turn ? 40 + pitch * 6 + 26 : width};
};

const flow = (flows) => (width) => {
  const most = Math.max(1, ...flows.flatMap((one) => [one.input, one.map_output, sum(one.spilled), one.merged, sum(one.shuffled), one.between_jobs, one.output]));
  const {turn, zone} = layout(width, 0);
  const thick = (bytes) => (bytes <= 0 ? 0 : Math.max(1.5, (bytes / most) * zone));
  const back = Math.max(...flows.map((one) => thick(one.between_jobs)));
  const marks = [];
  let y = 0;
  for (const one of flows) {
    // The numbers of all panels that go down stand in one column.
    const places = layout(width, turn ? back : thick(one.between_jobs));
    // A sentence that begins with the mode in its colour.
    const lines = wrap(one.sentence, width);
    const name = lines[0].slice(0, one.mode.length);
    marks.push(lines.map((words, i) => text(i ? words : [svg("tspan", {"font-weight": 700, fill: color(one.mode)}, name), words.slice(name.length)], 0, y + 14 + 17 * i)));
    y += 17 * lines.length + 8;
    marks.push(svg("g", {transform: `translate(0 ${y})`, "data-mode": one.mode}, panel(one, thick, places, width)));
    y += (turn ? places.length : places.depth) + 14;
  }
  return {height: y - 10, marks, scales: {most, zone}};
};

/** The way of one mode's bytes. */
const panel = (one, thick, {turn, zone, memory, files, edge, lane, depth, pitch, start}, width) => {
  const fill = color(one.mode);
  const at = (i) => start + i * pitch;
  const marks = [];
  const put = (words, along, across, attributes) => text(words, turn ? across : along, turn ? along : across, attributes);
  const via = (along, across, bytes, shift = 0) => ({along, across: across + shift, thick: thick(bytes)});
  const band = (what, amount, ...points) => {
    if (amount > 0) marks.push(svg("path", {class: "band", d: ribbon(points, turn), fill, "fill-opacity": 0.82, "data-bytes": amount, ...tipped([`${one.mode}: ${what}`])}));
  };
  const quiet = {fill: "var(--soft)", "font-size": 12};
  marks.push(turn ? line(edge, 16, edge, at(6) + 14, {stroke: "var(--soft)", "stroke-dasharray": "3 4"}) : line(0, edge, width, edge, {stroke: "var(--soft)", "stroke-dasharray": "3 4"}));
  marks.push(turn
    ? [text("memory", memory, 12, {"text-anchor": "middle", ...quiet}), text("files", files, 12, {"text-anchor": "middle", ...quiet})]
    : [text("memory", 0, memory + 4, quiet), text("files", 0, files + 4, quiet)]);
  const idle = {spill: sum(one.spilled) === 0, "merge passes": one.merged === 0, shuffle: sum(one.shuffled) === 0, reduce: sum(one.shuffled) === 0};
  marks.push(STATIONS.map((station, i) => put(station, turn ? at(i) + 4 : at(i), turn ? 0 : 12, {
    "text-anchor": turn ? "start" : "middle", "font-weight": idle[station] ? 400 : 600, fill: idle[station] ? "var(--soft)" : "var(--ink)", class: "station"})));

  const times = one.input_size ? one.input / one.input_size : 1;
  const again = times >= 1.5 ? ` in ${times.toFixed(0)} passes` : one.sampled > 0 ? `, and ${bytes(one.sampled)} beforehand for a sample` : "";
  const {spilled, shuffled} = one;
  if (one.between_jobs > 0) {
    const bend = (turn ? 0.8 : 0.6) * pitch;
    const points = turn
      ? `M${memory} ${at(5)}C${memory} ${at(5) + bend} ${lane} ${at(5) + bend} ${lane} ${at(5)}L${lane} ${at(1)}C${lane} ${at(1) - bend} ${memory} ${at(1) - bend} ${memory} ${at(1)}`
      : `M${at(5)} ${memory}C${at(5) + bend} ${memory} ${at(5) + bend} ${lane} ${at(5)} ${lane}L${at(1)} ${lane}C${at(1) - bend} ${lane} ${at(1) - bend} ${memory} ${at(1)} ${memory}`;
    marks.push(svg("path", {class: "band", d: points, fill: "none", stroke: fill, "stroke-width": thick(one.between_jobs), "stroke-opacity": 0.38, "data-bytes": one.between_jobs,
      ...tipped([`${one.mode}: ${bytes(one.between_jobs)} went through files from one job to the next, which read ${bytes(one.between_jobs_read)}`])}));
  }
  const tail = turn ? 10 : 14;
  band(`${bytes(one.input)} of input read${again}`, one.input, via(at(0) - tail, files, one.input), via(at(0), files, one.input), via(at(1), memory, one.input));
  band(`map emitted ${bytes(one.map_output)}; combined and sorted, ${bytes(sum(spilled))} were put aside`, one.map_output, via(at(1), memory, one.map_output), via(at(2), memory, sum(spilled)));
  band(`${bytes(spilled.memory)} stayed in memory until reduce took them`, spilled.memory,
    via(at(2), memory, spilled.memory, -thick(spilled.files) / 2), via(at(2.6), memory, spilled.memory), via(at(4), memory, spilled.memory), via(at(5), memory, shuffled.memory, -thick(shuffled.files) / 2));
  band(`${bytes(spilled.files)} written to files, ${bytes(shuffled.files)} read from them by reduce`, spilled.files,
    via(at(2), memory, spilled.files, thick(spilled.memory) / 2), via(at(2.6), files, spilled.files), via(at(4), files, shuffled.files), via(at(5), memory, shuffled.files, thick(shuffled.memory) / 2));
  band(`merge passes read and wrote ${bytes(one.merged)} again`, one.merged, via(at(2.6), files, one.merged), via(at(3), edge, one.merged), via(at(3.4), files, one.merged));
  band(`${bytes(one.output)} of output written`, one.output, via(at(5), memory, one.output), via(at(6), files, one.output), via(at(6) + tail, files, one.output));
  // Where the job's own code and the sorting work on the bytes.
  [[1, Math.max(one.input, one.map_output)], [2, sum(spilled)], [5, Math.max(sum(shuffled), one.output)]].forEach(([i, bytes]) => {
    const reach = thick(bytes) / 2 + 5;
    marks.push(svg("rect", {...(turn ? {x: memory - reach, y: at(i) - 2, width: 2 * reach, height: 4} : {x: at(i) - 2, y: memory - reach, width: 4, height: 2 * reach}), rx: 2, fill: "var(--ink)"}));
  });

  // The numbers: beside memory, or beside files and the lane.
  const number = (amount, words, i, place) => {
    if (amount <= 0) return;
    // A rim of paper parts it from a band that it lies on.
    const style = {"font-size": 12, class: "amount", stroke: "var(--paper)", "stroke-width": 3, "paint-order": "stroke"};
    if (!turn) {
      const across = {memory: 29, files: files + zone / 2 + 15, lane: depth - 6}[place];
      marks.push(text(`${bytes(amount)} ${words}`, i === 0 ? 0 : at(i), across, {"text-anchor": i === 0 ? "start" : "middle", ...style}));
    } else if (place === "memory") {
      marks.push(text(`${bytes(amount)} ${words}`, 0, at(Math.floor(i)) + 19, style));
    } else {
      marks.push(text(bytes(amount), depth + 4, at(Math.floor(i)) - 2, style), text(words, depth + 4, at(Math.floor(i)) + 12, {...style, fill: "var(--soft)"}));
    }
  };
  number(one.input, `read${times >= 1.5 ? ` in ${times.toFixed(0)} passes` : ""}`, 0, "files");
  number(one.map_output, "emitted", 1.5, "memory");
  number(spilled.memory, "kept", turn ? 2 : 3, "memory");
  number(spilled.files, "written", turn ? 2 : 2.05, "files");
  number(one.merged, "merged", turn ? 3 : 3.15, "files");
  number(shuffled.files, "read", turn ? 4 : 4.3, "files");
  const leftAndRead = one.between_jobs_read > 1.05 * one.between_jobs ? `, ${bytes(one.between_jobs_read)} read` : "";
  number(one.between_jobs, turn ? "to next job" : `left in files for the next job${leftAndRead}`, turn ? 5 : 3, turn ? "files" : "lane");
  number(one.output, "written", 6, "files");
  return marks;
};
const sum = (place) => place.memory + place.files;
