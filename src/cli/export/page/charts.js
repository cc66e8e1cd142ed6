// A function for each kind of chart. Each returns what `chart` takes to draw itself at a width.

const color = (name) => `var(--${/^(disk|memory|reference)\b/.exec(name)?.[0] ?? "other"})`;
const tint = (name) => `var(--${/^(disk|memory|reference)\b/.exec(name)?.[0] ?? "other"}-2)`;

// -- Bars -----------------------------------------------------------------------------------------------------------------

/**
 * Horizontal bars in groups. A row has `parts` from and to a value, and perhaps an interval, dots of single runs below it,
 * and its value in words, which stands behind all of these.
 */
const bars = (groups, {format = plain, barHeight = 20, gap = 14, dashed = null} = {}) => (width) => {
  const rows = groups.flatMap((group) => group.rows);
  const ends = rows.flatMap((row) => [...row.parts.flatMap((part) => [part.from, part.to]), ...(row.interval ?? []), ...(row.dots ?? []).map((dot) => dot.value)]);
  const names = groups.map((group) => group.name);
  const longest = widest([...names, ...groups.map((group) => group.note ?? "")]) + 12;
  const above = longest > width * 0.32;
  const left = above ? 1 : longest;
  const right = Math.min(width * 0.3, widest(rows.map((row) => row.text), SIZE, 600) + 14);
  const x = linear([Math.min(0, ...ends), Math.max(...ends) || 1], [left, width - right]);
  const marks = [];
  let y = 6;
  for (const group of groups) {
    if (above) {
      wrap(group.note ? `${group.name} · ${group.note}` : group.name, width).forEach((words) => { y += 16; marks.push(text(words, left, y - 3, {class: "name"})); });
    }
    const height = group.rows.reduce((sum, row) => sum + barHeight + (row.dots ? 12 : 0) + 3, 0);
    if (!above) {
      const middle = y + (group.rows.length > 1 ? height : barHeight) / 2;
      marks.push(text(group.name, left - 10, middle + (group.note ? -2 : 4.5), {"text-anchor": "end", class: "name"}));
      if (group.note) marks.push(text(group.note, left - 10, middle + 13, {"text-anchor": "end", fill: "var(--soft)", "font-size": 11}));
    }
    for (const row of group.rows) {
      const middle = y + barHeight / 2;
      row.parts.forEach(({from, to, fill, tip}) => marks.push(svg("rect", {class: "bar", x: x(Math.min(from, to)), y, width: Math.max(0.5, Math.abs(x(to) - x(from))), height: barHeight, fill, tabindex: tip ? 0 : null, ...tipped(tip ?? [])})));
      if (row.interval) marks.push(whisker(x(row.interval[0]), x(row.interval[1]), middle, {cap: Math.min(5, barHeight / 3)}));
      (row.dots ?? []).forEach((dot) => marks.push(svg("circle", {class: "run", cx: x(dot.value), cy: y + barHeight + 7, r: 3, fill: "var(--ink)", "fill-opacity": 0.55, ...tipped(dot.tip)})));
      const end = Math.max(...row.parts.flatMap((part) => [part.from, part.to]), row.interval?.[1] ?? 0, ...(row.dots ?? []).map((dot) => dot.value));
      marks.push(text(row.text, x(end) + 9, middle + 4.5, {class: "value", "font-weight": 600}));
      y += barHeight + (row.dots ? 12 : 0) + 3;
    }
    y += gap;
  }
  const bottom = y - gap + 4;
  return {
    height: bottom + 24, scales: {x},
    marks: [gridX(x, 0, bottom, Math.max(2, Math.min(8, Math.floor((width - left - right) / 70))), format), marks, line(x(0), 0, x(0), bottom)],
  };
};

const oneRow = (name, row, note) => ({name, note, rows: [row]});

/** Paired bars: an activity a group, a mode a row. */
const paired = ({modes, rows}) => bars(rows.map(({name, times}) => ({
  name,
  rows: times.map((time, i) => ({
    parts: [{from: 0, to: time.median_seconds, fill: color(modes[i]), tip: [`${name}, ${modes[i]}`, `median ${seconds(time.median_seconds)}`, `from ${seconds(time.min_seconds)} to ${seconds(time.max_seconds)}`]}],
    interval: time.ci95_seconds, text: seconds(time.median_seconds),
  })),
})), {barHeight: 13, gap: 8});

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
  const ticks = y.ticks(Math.floor((bottom - top) / 34));
  const left = widest(ticks.map(axisY.tick ?? plain)) + 14;
  const inset = 14;
  const domainX = axisX.log ? [Math.min(...xs), Math.max(...xs)] : [axisX.zero ? 0 : Math.min(...xs), Math.max(...xs)];
  const x = (axisX.log ? logarithmic : linear)(domainX, [left + (axisX.zero ? 0 : inset), width - right - inset]);
  const most = Math.floor((width - left - right) / 64);
  const ticksX = (axisX.ticks && axisX.ticks.length <= most ? axisX.ticks : x.ticks(most)).filter((tick) => !axisX.whole || Number.isInteger(tick));
  const marks = [];
  marks.push(gridY(y, left, width - right, Math.floor((bottom - top) / 34), axisY.tick));
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

const timeline = (run, until) => (width) => {
  const names = Array.from({length: run.rows}, (_, i) => (run.of_workers ? `worker ${i + 1}` : `place ${i + 1}`));
  const left = widest([...names, "no task"]) + 12;
  const pitch = run.rows > 12 ? 14 : 26;
  const x = linear([0, until], [left, width - 12]);
  const bottom = pitch * run.rows + 24;
  const marks = [];
  names.forEach((name, i) => { if (pitch > 14 || i % 2 === 0) marks.push(text(name, left - 10, pitch * i + pitch / 2 + 4.5, {"text-anchor": "end", class: "name"})); });
  marks.push(text("no task", left - 10, bottom - 8, {"text-anchor": "end", fill: "var(--soft)", class: "name"}));
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
      ...tipped([`${task.id}${task.attempt ? `, attempt ${task.attempt + 1}` : ""}`, outcome, `${seconds(task.end_seconds - task.start_seconds)}, from ${seconds(task.start_seconds)} on`, `${count(task.records)} records, ${bytes(task.bytes)} read`])}));
    const label = task.kind === "failed" ? "failed" : task.kind === "killed" ? null : task.id.replace(/-0*(?=\d)/, " ");
    if (label && pitch > 14 && !inside && widthOf(label, 11, 600) + 10 < wide)
      marks.push(text(label, from + 5, pitch * (task.row - 1) + pitch / 2 + 4, {"font-size": 11, "font-weight": 600, fill: "var(--paper)", "pointer-events": "none", class: "inside"}));
  }
  run.pauses.forEach(([from, to]) => marks.push(svg("rect", {class: "pause", x: x(from), y: bottom - 20, width: x(to) - x(from), height: 12, fill: "var(--soft)", "fill-opacity": 0.35,
    ...tipped([`no task for ${seconds(to - from)}`, "planning, sampling, or making the output final"])})));
  return {
    height: bottom + 24, scales: {x},
    marks: [gridX(x, 0, bottom, Math.max(2, Math.floor((width - left) / 80))), marks, line(x(0), 0, x(0), bottom),
      line(x(run.seconds), 0, x(run.seconds), bottom, {stroke: color(run.variant), "stroke-width": 2, class: "end"})],
  };
};

// -- The way of the bytes -------------------------------------------------------------------------------------------------

const STATIONS = ["input", "map", "spill", "merge", "shuffle", "reduce", "output"];

/** A band whose two ends have places and thicknesses; `turn` swaps the axes. */
const ribbon = (a, b, turn) => {
  const half = (b.along - a.along) / 2;
  const point = (along, across) => (turn ? `${across},${along}` : `${along},${across}`);
  const curve = (side, from, to, bend) => `C${point(from.along + bend, from.across + (side * from.thick) / 2)} ${point(to.along - bend, to.across + (side * to.thick) / 2)} ${point(to.along, to.across + (side * to.thick) / 2)}`;
  return `M${point(a.along, a.across - a.thick / 2)}${curve(-1, a, b, half)}L${point(b.along, b.across + b.thick / 2)}${curve(1, b, a, -half)}Z`;
};

const flow = (flows, floor) => (width) => {
  const turn = width < 700;
  const size = (bytes) => bytes;
  const most = Math.max(1, ...flows.flatMap((one) => [one.input, one.map_output, one.spilled.memory + one.spilled.files, one.merged, one.shuffled.memory + one.shuffled.files, one.between_jobs, one.output].map(size)));
  const zone = turn ? 52 : 50;
  const thick = (bytes) => (bytes <= 0 ? 0 : Math.max(1.5, (bytes / most) * zone));
  const loops = flows.some((one) => one.between_jobs > 0);
  const side = turn ? 116 : 70;
  const after = turn ? 0 : 74;
  const pitch = turn ? 46 : (width - side - after) / (STATIONS.length - 1);
  const marks = [];
  let start = 0;
  for (const one of flows) {
    const fill = color(one.mode);
    // The panel's heading.
    const heading = wrap(one.sentence, width, SIZE);
    heading.forEach((words, i) => marks.push(text(words, 0, start + 16 + 17 * i, i === 0 ? {} : {})));
    const first = marks[marks.length - heading.length];
    first.replaceChildren(svg("tspan", {"font-weight": 700, fill}, heading[0].split(" ")[0]), heading[0].slice(heading[0].split(" ")[0].length));
    start += 17 * heading.length + 12;
    const at = (i) => (turn ? start + 34 : side) + i * pitch;
    const across = turn ? 0 : start + 18;
    const memory = turn ? side + zone / 2 : across + 18 + zone / 2;
    const files = memory + zone + (turn ? 30 : 26);
    const edge = (memory + files) / 2;
    const back = files + zone / 2 + (turn ? 20 : 20);
    const end = turn ? at(6) + 16 : files + zone / 2 + 20 + (loops ? 34 : 0);
    const from = (along, place, bytes, shift = 0) => ({along, across: place + shift, thick: thick(bytes)});
    const band = (a, b, what) => { if (a.thick || b.thick) marks.push(svg("path", {class: "band", d: ribbon(a, b, turn), fill, "fill-opacity": 0.8, ...tipped([`${one.mode}: ${what}`])})); };
    // The line that parts memory from files.
    marks.push(turn ? line(edge, at(0) - 22, edge, at(6) + 12, {stroke: "var(--soft)", "stroke-dasharray": "3 4"}) : line(0, edge, width, edge, {stroke: "var(--soft)", "stroke-dasharray": "3 4"}));
    if (turn) {
      marks.push(text("memory", memory, at(0) - 24, {"text-anchor": "middle", fill: "var(--soft)", "font-size": 12}), text("files", files, at(0) - 24, {"text-anchor": "middle", fill: "var(--soft)", "font-size": 12}));
    } else {
      marks.push(text("memory", 0, memory + 4, {fill: "var(--soft)", "font-size": 12}), text("files", 0, files + 4, {fill: "var(--soft)", "font-size": 12}));
    }
    STATIONS.forEach((station, i) => {
      const idle = station === "merge" && one.merged === 0;
      marks.push(text(station, turn ? 0 : at(i), turn ? at(i) + 4 : across, {"text-anchor": turn ? "start" : "middle", "font-weight": 600, fill: idle ? "var(--soft)" : "var(--ink)", "fill-opacity": idle ? 0.75 : 1, class: "station"}));
    });
    // Input and map.
    const spilled = one.spilled.memory + one.spilled.files;
    const shuffled = one.shuffled.memory + one.shuffled.files;
    const times = one.input_size ? one.input / one.input_size : 1;
    const again = times >= 1.5 ? `, ${times.toFixed(0)} times over` : "";
    band(from(at(0) - (turn ? 10 : 14), files, one.input), from(at(0), files, one.input), `${bytes(one.input)} of input read${again}`);
    band(from(at(0), files, one.input), from(at(1), memory, one.input), `${bytes(one.input)} of input read${again}`);
    band(from(at(1), memory, one.map_output), from(at(2), memory, spilled), `mappers emitted ${bytes(one.map_output)}; combined and sorted, ${bytes(spilled)} were put aside`);
    // What is put aside: memory first, files next to it.
    const [kept, written] = [thick(one.spilled.memory), thick(one.spilled.files)];
    const [taken, read] = [thick(one.shuffled.memory), thick(one.shuffled.files)];
    band(from(at(2), memory, one.spilled.memory, -written / 2), from(at(4), memory, one.spilled.memory), `${bytes(one.spilled.memory)} stayed in memory`);
    band(from(at(4), memory, one.spilled.memory), from(at(5), memory, one.shuffled.memory, -read / 2), `reducers took ${bytes(one.shuffled.memory)} from memory`);
    const down = at(2) + pitch * 0.6;
    band(from(at(2), memory, one.spilled.files, kept / 2), from(down, files, one.spilled.files), `${bytes(one.spilled.files)} written to files`);
    band(from(down, files, one.spilled.files), from(at(4), files, one.spilled.files), `${bytes(one.spilled.files)} lay in files`);
    band(from(at(4), files, one.shuffled.files), from(at(5), memory, one.shuffled.files, taken / 2), `reducers took ${bytes(one.shuffled.files)} from files`);
    if (one.merged > 0) {
      const gap = pitch * 0.34;
      band(from(at(3) - gap, files, one.merged), from(at(3), edge, one.merged), `merge passes read and wrote ${bytes(one.merged)} again`);
      band(from(at(3), edge, one.merged), from(at(3) + gap, files, one.merged), `merge passes read and wrote ${bytes(one.merged)} again`);
    }
    // Reduce and output.
    band(from(at(5), memory, one.output), from(at(6), files, one.output), `${bytes(one.output)} of output written`);
    band(from(at(6), files, one.output), from(at(6) + (turn ? 10 : 14), files, one.output), `${bytes(one.output)} of output written`);
    const node = (along, bytes) => {
      const reach = thick(bytes) / 2 + 5;
      marks.push(turn ? svg("rect", {x: memory - reach, y: along - 2, width: 2 * reach, height: 4, rx: 2, fill: "var(--ink)"}) : svg("rect", {x: along - 2, y: memory - reach, width: 4, height: 2 * reach, rx: 2, fill: "var(--ink)"}));
    };
    node(at(1), Math.max(one.input, one.map_output));
    node(at(2), spilled);
    node(at(5), Math.max(shuffled, one.output));
    if (one.between_jobs > 0) {
      const d = turn
        ? `M${memory} ${at(5)}C${back + 14} ${at(5)} ${back + 14} ${at(5) - 10} ${back + 14} ${at(5) - 20}L${back + 14} ${at(1) + 20}C${back + 14} ${at(1)} ${back} ${at(1)} ${memory} ${at(1)}`
        : `M${at(5)} ${memory}C${at(5) + 30} ${memory} ${at(5) + 30} ${back + 14} ${at(5) - 30} ${back + 14}L${at(1) + 30} ${back + 14}C${at(1) - 30} ${back + 14} ${at(1) - 30} ${memory} ${at(1)} ${memory}`;
      marks.push(svg("path", {class: "band", d, fill: "none", stroke: fill, "stroke-width": thick(one.between_jobs), "stroke-opacity": 0.45, ...tipped([`${one.mode}: ${bytes(one.between_jobs)} went through files from one job to the next`])}));
    }
    // The numbers, in rows of their own above memory and below files.
    const label = (i, place, amount, words, shift = 0) => {
      if (amount <= 0) return;
      if (turn) {
        const x = place === "memory" ? 0 : files + zone / 2 + (loops ? 40 : 12);
        const y = at(i) + (place === "memory" ? 19 : 0);
        (place === "memory" ? [`${bytes(amount)} ${words}`] : [bytes(amount), words]).forEach((words, j) => marks.push(text(words, x, y + 14 * j, {"font-size": 11.5, class: "amount", fill: j ? "var(--soft)" : "var(--ink)"})));
      } else {
        const y = place === "memory" ? across + 17 : place === "back" ? back + 36 : files + zone / 2 + 16;
        marks.push(text(`${bytes(amount)} ${words}`, at(i + shift), y, {"text-anchor": i === 0 ? "start" : i === 6 ? "middle" : "middle", "font-size": 12, class: "amount"}));
      }
    };
    label(0, "files", one.input, `read${times >= 1.5 ? `, ${times.toFixed(0)} ×` : ""}`, turn ? 0 : -0.1);
    label(1, "memory", one.map_output, "emitted", turn ? 0 : 0.5);
    label(2, "memory", one.spilled.memory, "kept", turn ? 0 : 1);
    label(2, "files", one.spilled.files, "written", turn ? 0 : 0.2);
    label(3, "files", one.merged, "merged", turn ? 0 : 0.1);
    label(4, "files", one.shuffled.files, "read", turn ? 0 : 0.2);
    label(6, "files", one.output, "written");
    if (one.between_jobs > 0) turn ? label(5, "files", one.between_jobs, "to next") : label(3, "back", one.between_jobs, "left in files for the next job");
    start = end + (turn ? 12 : 20);
  }
  return {height: start - 4, marks, scales: {thick: {zone, most}}};
};

