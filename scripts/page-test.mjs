// Opens report pages in a headless browser and checks them against the JSON they were made from.
//
//   node page-test.mjs CHROMIUM OUT_DIR PAGE.html REPORT.json[,REPORT.json…] [PAGE.html REPORT.json…]
//
// At phone and desktop width, light and dark: no console message, no request beside the page itself, nothing wider than the
// screen, and every mark of every chart where the JSON says. Screenshots and a PDF go to OUT_DIR.

import assert from "node:assert/strict";
import {readFileSync} from "node:fs";
import {basename, join, resolve} from "node:path";
import {pathToFileURL} from "node:url";
import {chromium} from "playwright-core";

const [executablePath, out, ...rest] = process.argv.slice(2);
const SCREENS = [
  {name: "phone", viewport: {width: 375, height: 760}, colorScheme: "light"},
  {name: "phone-dark", viewport: {width: 375, height: 760}, colorScheme: "dark"},
  {name: "desktop", viewport: {width: 1280, height: 900}, colorScheme: "light"},
  {name: "desktop-dark", viewport: {width: 1280, height: 900}, colorScheme: "dark"},
];

/** For each chart of each article: its name and, read back through the chart's scales, the values of its marks. */
const readCharts = () =>
  [...document.querySelectorAll("article")].map((article) =>
    Object.fromEntries([...article.querySelectorAll("[data-chart]")].map((figure) => {
      const scale = (name) => figure.plot.scale(name);
      const number = (mark, name) => Number(mark.getAttribute(name));
      // A transform of the scale was applied before, so what comes back is in the axis' unit.
      const invert = (name, pixel) => scale(name).invert(pixel);
      const bars = [...figure.querySelectorAll('g[aria-label="bar"] rect')].map((rect) => {
        const [from, to] = [number(rect, "x"), number(rect, "x") + number(rect, "width")];
        return [invert("x", from), invert("x", to)];
      });
      const dots = [...figure.querySelectorAll('g[aria-label="dot"] circle')].map((dot) => {
        const at = (name, attribute) => (scale(name)?.invert ? invert(name, number(dot, attribute)) : null);
        return [at("x", "cx"), at("y", "cy")];
      });
      const rules = [...figure.querySelectorAll('g[aria-label="rule"] line')].map((line) => {
        const at = (name, attribute) => (scale(name)?.invert ? invert(name, number(line, attribute)) : null);
        return [at("x", "x1"), at("x", "x2"), at("y", "y1"), at("y", "y2")];
      });
      const box = figure.getBoundingClientRect();
      return [figure.dataset.chart, {bars, dots, rules, width: box.width, height: box.height}];
    })));

const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};
/** What workers did and waited for, in the groups of the page. */
const timeGroups = ({cpu, wait}) => [
  cpu.parse, cpu.user, cpu.combine, cpu.encode, cpu.sort, cpu.merge, cpu.copy,
  cpu.read_input + cpu.write_output + cpu.read_intermediate + cpu.write_intermediate, cpu.other,
  wait.read_input + wait.write_output + wait.read_intermediate + wait.write_intermediate, wait.lock + wait.channel, wait.processor,
];
const unitOf = (values) => 1024 ** Math.min(4, Math.floor(Math.log(Math.max(...values, 1)) / Math.log(1024)));

/** Same values in any order, to within a pixel or so of an axis of this length. */
const same = (actual, expected, what) => {
  assert.equal(actual.length, expected.length, `${what}: number of marks`);
  const span = Math.max(...expected.map(Math.abs), 1e-12);
  const sort = (values) => values.toSorted((a, b) => a - b);
  sort(actual).forEach((value, i) => {
    const wanted = sort(expected)[i];
    assert.ok(Math.abs(value - wanted) <= 0.006 * span, `${what}: ${value} instead of ${wanted}`);
  });
};

const check = (charts, report, where) => {
  const name = (row) => row.variant ?? row.mode;
  const names = report.summary.map(name);
  const runs = (of) => report.runs.filter((run) => run.variant === of);
  const frameworks = names.filter((of) => runs(of)[0].phases.length > 0);
  const seen = new Set();
  const chart = (of) => {
    assert.ok(charts[of], `${where}: no chart ${of}`);
    seen.add(of);
    return charts[of];
  };

  const times = chart("times");
  same(times.bars.map(([, to]) => to), report.summary.map((row) => row.median_seconds), `${where} times`);
  same(times.dots.map(([x]) => x), report.runs.map((run) => run.wall_seconds), `${where} runs`);
  const intervals = times.rules.filter(([from, to]) => from !== to || from > 1e-9);
  same(intervals.map(([from]) => from), report.summary.map((row) => row.ci95_seconds[0]), `${where} lower ends`);
  same(intervals.map(([, to]) => to), report.summary.map((row) => row.ci95_seconds[1]), `${where} upper ends`);

  if (report.tools) {
    const {bars} = chart("tools");
    const [starts, works] = [report.tools.map((tool) => tool.startup_seconds), report.tools.map((tool) => tool.median_seconds)];
    same(bars.map(([from, to]) => to - from), [...starts, ...works], `${where} tools`);
    same(bars.map(([, to]) => to), [...starts, ...starts.map((start, i) => start + works[i])], `${where} ends of tools`);
    for (const {name, runs} of report.alternatives.filter((other) => other.runs.length > 0)) {
      const row = report.tools.find((tool) => tool.name === name);
      assert.ok(Math.abs(row.median_seconds - median(runs.map((run) => run.work_seconds))) < 1e-9, `${where}: ${name}`);
    }
  }
  if (frameworks.length > 0) {
    const busy = frameworks.flatMap((of) => runs(of)[0].phases.map((_, i) => median(runs(of).map((run) => run.phases[i].busy_seconds))));
    same(chart("phases").bars.map(([from, to]) => to - from), busy, `${where} phases`);
    const timed = frameworks.filter((of) => runs(of)[0].time);
    if (timed.length > 0) {
      const groups = timed.flatMap((of) => timeGroups(runs(of)[0].time).map((_, i) => median(runs(of).map((run) => timeGroups(run.time)[i]))));
      same(chart("time").bars.map(([from, to]) => to - from), groups, `${where} time`);
    }
    const bytes = frameworks.flatMap((of) => [
      (run) => run.input_bytes, (run) => run.counters.MAP_OUTPUT_BYTES, (run) => run.counters.FILE_BYTES_WRITTEN,
      (run) => run.counters.FILE_BYTES_READ, (run) => run.counters.REDUCE_SHUFFLE_BYTES, (run) => run.output.bytes,
      (run) => run.process_io.write_bytes, (run) => run.process_io.read_bytes,
    ].map((value) => median(runs(of).map(value))));
    const unit = unitOf(bytes);
    same(chart("stages").bars.map(([, to]) => to), bytes.map((value) => value / unit), `${where} stages`);
  }
  for (const of of frameworks) {
    const bars = chart(`timeline ${of}`).bars;
    const middle = runs(of).toSorted((a, b) => a.wall_seconds - b.wall_seconds)[runs(of).length >> 1];
    same(bars.map(([from]) => from), middle.tasks.map((task) => task.start_seconds), `${where} starts ${of}`);
    const ends = middle.tasks.map((task) => task.end_seconds);
    assert.ok(Math.abs(Math.max(...bars.map(([, to]) => to)) - Math.max(...ends)) <= 0.01 * middle.wall_seconds, `${where} ends ${of}`);
  }
  const looping = names.filter((of) => runs(of)[0].iterations.length > 0);
  if (looping.length > 0) {
    const expected = looping.flatMap((of) => runs(of)[0].iterations.map((_, i) => median(runs(of).map((run) => run.iterations[i].wall_seconds))));
    const scale = Math.max(...expected) < 0.1 ? 1e3 : 1;
    same(chart("iterations").dots.map(([, y]) => y), expected.map((value) => value * scale), `${where} iterations`);
  }
  if (report.ladder) {
    const rungs = report.ladder.filter((step) => !step.does_not_apply);
    const ends = [report.ladder[0].median_seconds, report.ladder.at(-1).median_seconds];
    same(chart("ladder").bars.map(([from, to]) => to - from), [...ends, ...rungs.slice(1).map((step) => Math.abs(step.difference_seconds))], `${where} ladder`);
  }
  if (report.memory_sweep) {
    same(chart("sweep time").dots.map(([, y]) => y), report.memory_sweep.map((point) => point.median_seconds), `${where} sweep`);
    same(chart("sweep time").dots.map(([x]) => x), report.memory_sweep.map((point) => point.percent), `${where} sweep points`);
    const spilled = report.memory_sweep.map((point) => point.spilled_bytes);
    const unit = unitOf(spilled);
    same(chart("sweep bytes").dots.map(([, y]) => y), spilled.map((value) => value / unit), `${where} sweep bytes`);
  }
  for (const {axis, points} of report.growths ?? []) {
    const {dots} = chart(`growth ${axis}`);
    const unit = axis === "scale" ? 2 ** 20 : 1;
    const expected = points.flatMap((point) => point.modes.map((mode) => [point.amount / unit, mode.median_seconds]));
    same(dots.map(([, y]) => y), expected.map(([, y]) => y), `${where} growth ${axis}`);
    same(dots.map(([x]) => x), expected.map(([x]) => x), `${where} growth ${axis}, amounts`);
  }
  assert.deepEqual(Object.keys(charts).toSorted(), [...seen].toSorted(), `${where}: charts that nothing was expected of`);
  return seen.size;
};

const browser = await chromium.launch({executablePath, args: ["--no-sandbox"]});
try {
  for (let i = 0; i < rest.length; i += 2) {
    const [page, sources] = [resolve(rest[i]), rest[i + 1].split(",")];
    for (const {name, viewport, colorScheme} of SCREENS) {
      const where = `${basename(page)} ${name}`;
      const context = await browser.newContext({viewport, colorScheme, deviceScaleFactor: name.startsWith("phone") ? 2 : 1, acceptDownloads: true});
      const tab = await context.newPage();
      const said = [];
      const asked = [];
      tab.on("console", (message) => said.push(message.text()));
      tab.on("pageerror", (error) => said.push(String(error)));
      tab.on("request", (request) => asked.push(request.url()));
      const address = pathToFileURL(page).href;
      await tab.goto(address);
      await tab.waitForFunction(() => [...document.querySelectorAll("[data-chart]")].every((figure) => figure.plot));
      const embedded = await tab.evaluate(() => JSON.parse(document.getElementById("reports").textContent));
      const saved = sources.map((source) => JSON.parse(readFileSync(source, "utf8")));
      // A page of comparisons holds what was saved; a page of single runs holds them side by side.
      saved.filter((report) => report.settings).forEach((report, i) => assert.deepEqual(embedded[i], report, `${where}: other data`));
      const articles = await tab.evaluate(readCharts);
      assert.equal(articles.length, embedded.length, where);
      let charts = 0;
      articles.forEach((charted, i) => { charts += check(charted, embedded[i], where); });
      const verdicts = await tab.locator(".verdict").allTextContents();
      const sentences = embedded.flatMap((report) => report.verdict);
      for (const sentence of sentences) assert.ok(verdicts.some((text) => text.slice(1) === sentence.slice(1)), `${where}: ${sentence}`);
      const overflow = await tab.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(overflow <= 0, `${where}: ${overflow} pixels wider than the screen`);
      const saving = tab.waitForEvent("download");
      await tab.getByRole("button", {name: /^Download/}).first().click();
      const stored = JSON.parse(readFileSync(await (await saving).path(), "utf8"));
      assert.deepEqual(stored, embedded[0], `${where}: download`);
      assert.deepEqual(said, [], where);
      assert.deepEqual(asked.filter((url) => url !== address && !url.startsWith("blob:")), [], where);
      const stem = join(out, `${basename(page, ".html")}-${name}`);
      await tab.screenshot({path: `${stem}.png`, fullPage: true});
      if (name === "desktop") await tab.pdf({path: `${stem}.pdf`, format: "A4"});
      console.log(`${where}: ${charts} charts, ${verdicts.length} sentences`);
      await context.close();
    }
  }
} finally {
  await browser.close();
}
