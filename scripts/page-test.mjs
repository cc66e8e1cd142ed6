// Opens report pages in a headless browser and checks them against the JSON they were made from.
//
//   node page-test.mjs CHROMIUM OUT_DIR PAGE.html REPORT.json[,REPORT.json…] [PAGE.html REPORT.json…]
//
// At three widths, light and dark: no console message, no request beside the page itself, nothing wider than the screen, no
// label on another one or on the line of an interval, contrast that can be read, every mark of every chart where the JSON
// says, and charts that can be saved. On paper: two pages a comparison. Screenshots and PDFs go to OUT_DIR.

import assert from "node:assert/strict";
import {readFileSync, writeFileSync} from "node:fs";
import {basename, join, resolve} from "node:path";
import {pathToFileURL} from "node:url";
import {isDeepStrictEqual} from "node:util";
import {chromium} from "playwright-core";

const [executablePath, out, ...rest] = process.argv.slice(2);
const SCREENS = [390, 768, 1440].flatMap((width) => ["light", "dark"].map((colorScheme) => ({name: `${width}-${colorScheme}`, viewport: {width, height: 900}, colorScheme})));
/** Pages of paper that a comparison may take. */
const PAPER = 2;

// -- What the page is seen to be ------------------------------------------------------------------------------------------

/** For each chart of each article: its name and, read back through the chart's scales, the values of its marks. */
const readCharts = () =>
  [...document.querySelectorAll("article")].map((article) =>
    Object.fromEntries([...article.querySelectorAll("[data-chart]")].map((figure) => {
      const {x, y} = figure.scales;
      const number = (mark, name) => Number(mark.getAttribute(name));
      const bars = [...figure.querySelectorAll("rect.bar")].map((rect) => [x.invert(number(rect, "x")), x.invert(number(rect, "x") + number(rect, "width"))]);
      const points = [...figure.querySelectorAll("circle")].map((dot) => [x.invert(number(dot, "cx")), y ? y.invert(number(dot, "cy")) : null]);
      const intervals = [...figure.querySelectorAll("g.whisker")].map((mark) => ["data-from", "data-to"].map((end) => (y ?? x).invert(number(mark, end))));
      const bands = [...figure.querySelectorAll(".band")].map((band) => number(band, "data-bytes"));
      return [figure.dataset.chart, {bars, points, intervals, bands, pixel: x && x.invert(1) - x.invert(0)}];
    })));

/** Everything that a reader could not read: labels on labels, on intervals or off the screen, and lack of contrast. */
const illegible = () => {
  const faults = [];
  const box = (mark) => mark.getBoundingClientRect();
  // Letters do not fill the height of their line.
  const letters = (mark) => { const {left, right, top, bottom} = box(mark); return {left, right, top: top + 3, bottom: bottom - 3}; };
  const meet = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
  const channels = (color) => { const [r, g, b, a = 1] = color.match(/[\d.]+/g).map(Number); return {r, g, b, a}; };
  const luminance = ({r, g, b}) => {
    const [x, y, z] = [r, g, b].map((value) => (value / 255 <= 0.03928 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const contrast = (a, b) => { const [low, high] = [luminance(channels(a)), luminance(channels(b))].sort((x, y) => x - y); return (high + 0.05) / (low + 0.05); };
  const paper = getComputedStyle(document.body).backgroundColor;
  for (const figure of document.querySelectorAll("[data-chart]")) {
    const where = figure.dataset.chart;
    const drawing = box(figure.querySelector(".place > svg"));
    const texts = [...figure.querySelectorAll("text")];
    const boxes = texts.map(letters);
    texts.forEach((mark, i) => {
      const said = `${where}: "${mark.textContent}"`;
      for (let j = i + 1; j < texts.length; j++) if (meet(boxes[i], boxes[j])) faults.push(`${said} on "${texts[j].textContent}"`);
      if (boxes[i].left < drawing.left - 2 || boxes[i].right > drawing.right + 2 || boxes[i].right > innerWidth) faults.push(`${said} leaves the chart`);
      for (const part of figure.querySelectorAll("g.whisker")) if (meet(boxes[i], box(part))) faults.push(`${said} on an interval`);
      const under = [...figure.querySelectorAll("rect.bar")].filter((bar) => meet(boxes[i], box(bar)));
      const inside = mark.classList.contains("inside");
      if (under.length && !inside) faults.push(`${said} on a bar`);
      const ground = inside ? under.map((bar) => getComputedStyle(bar).fill) : [paper];
      for (const color of ground) if (contrast(getComputedStyle(mark).fill, color) < 4.5) faults.push(`${said} has a contrast of ${contrast(getComputedStyle(mark).fill, color).toFixed(1)}`);
    });
  }
  for (const words of document.querySelectorAll("h1, h2, h3, p, li, dt, dd, figcaption, summary, td, th, button, .legend span, b")) {
    const style = getComputedStyle(words);
    const ground = words.matches("button") && channels(style.backgroundColor).a ? style.backgroundColor : paper;
    if (contrast(style.color, ground) < 4.5) faults.push(`"${words.textContent.slice(0, 40)}" has a contrast of ${contrast(style.color, ground).toFixed(1)}`);
    const {left, right, width} = box(words);
    if (width > 0 && !words.closest(".scroll") && (left < -1 || right > innerWidth + 1)) faults.push(`"${words.textContent.slice(0, 40)}" leaves the screen`);
  }
  return faults;
};

// -- What the JSON says ---------------------------------------------------------------------------------------------------

const median = (values) => {
  const sorted = values.toSorted((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
};

const sum = (values) => values.reduce((sum, value) => sum + value, 0);
/** The median of the runs' wholes, divided as the runs divide theirs on average. */
const divided = (ofRuns) => {
  const whole = median(ofRuns.map(sum));
  return ofRuns[0].map((_, i) => (whole * sum(ofRuns.map((parts) => (sum(parts) > 0 ? parts[i] / sum(parts) : 0)))) / ofRuns.length);
};

/** Same values in any order, to within a pixel or so of an axis of this length. */
const same = (actual, expected, what) => {
  assert.equal(actual.length, expected.length, `${what}: number of marks`);
  const span = Math.max(...expected.map(Math.abs), 1e-12);
  const sort = (values) => values.toSorted((a, b) => a - b);
  sort(actual).forEach((value, i) => {
    const wanted = sort(expected)[i];
    assert.ok(Math.abs(value - wanted) <= 0.01 * span, `${what}: ${value} instead of ${wanted}`);
  });
};

const check = (charts, report, told, where) => {
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
  const ends = (intervals) => intervals.flat();

  const times = chart("times");
  same(times.bars.map(([, to]) => to), report.summary.map((row) => row.median_seconds), `${where} times`);
  same(times.points.map(([x]) => x), report.runs.map((run) => run.wall_seconds), `${where} runs`);
  same(ends(times.intervals), report.summary.flatMap((row) => row.ci95_seconds), `${where} intervals`);

  if (report.tools) {
    const {bars, intervals} = chart("tools");
    const [starts, works] = [report.tools.map((tool) => tool.startup_seconds), report.tools.map((tool) => tool.median_seconds)];
    same(bars.map(([from, to]) => to - from), [...starts, ...works], `${where} tools`);
    same(bars.map(([, to]) => to), [...starts, ...starts.map((start, i) => start + works[i])], `${where} ends of tools`);
    same(ends(intervals), report.tools.flatMap((tool) => tool.ci95_seconds.map((end) => tool.startup_seconds + end)), `${where} intervals of tools`);
    for (const {name, runs} of report.alternatives.filter((other) => other.runs.length > 0)) {
      const row = report.tools.find((tool) => tool.name === name);
      assert.ok(Math.abs(row.median_seconds - median(runs.map((run) => run.work_seconds))) < 1e-9, `${where}: ${name}`);
    }
  }
  if (frameworks.length > 0) {
    const busy = frameworks.map((of) => divided(runs(of).map((run) => run.phases.map((phase) => phase.busy_seconds))));
    const shown = busy[0].map((_, i) => i).filter((i) => busy.some((parts) => parts[i] > 0 && parts[i] >= 0.005 * sum(parts)));
    same(chart("phases").bars.map(([from, to]) => to - from), shown.flatMap((i) => busy.map((parts) => parts[i])), `${where} phases`);
    const input = (of) => median(runs(of).map((run) => run.io_by_purpose?.find((io) => io.purpose === "input").bytes_read ?? run.input_bytes));
    const {bands} = chart("flow");
    for (const of of frameworks.filter((of) => !of.endsWith(" without faults"))) assert.ok(bands.includes(input(of)) && bands.includes(median(runs(of).map((run) => run.output.bytes))), `${where}: the way of ${of}`);
    const files = told.flows.map((flow) => flow.spilled.files + flow.merged + flow.between_jobs);
    told.flows.forEach(({mode}, i) => {
      const purposes = ["spill", "merge", "between_jobs"];
      const written = median(runs(mode).map((run) => (run.io_by_purpose ? sum(run.io_by_purpose.filter((io) => purposes.includes(io.purpose)).map((io) => io.bytes_written)) : run.counters.FILE_BYTES_WRITTEN)));
      assert.ok(Math.abs(files[i] - written) <= (runs(mode)[0].io_by_purpose ? 0.01 : 0.15) * written + 1024, `${where}: ${files[i]} bytes of ${mode} in files instead of ${written}`);
    });
  }
  if (told.time) {
    const {bars, intervals} = chart("time");
    same(bars.map(([from, to]) => to - from), told.time.rows.flatMap((row) => row.parts.map((part) => part.value)), `${where} time`);
    assert.equal(intervals.length, bars.length, `${where}: intervals of time`);
    // All that workers did and waited for is their number times the time on the clock.
    told.time.modes.forEach((of, i) => {
      const whole = median(runs(of).map((run) => run.workers * run.wall_seconds));
      if (runs(of)[0].io_by_purpose) assert.ok(Math.abs(told.time.totals[i] - whole) < 0.01 * whole, `${where}: ${told.time.totals[i]} of ${whole} seconds of ${of}`);
    });
  }
  if (told.memory) {
    const {bars} = chart("memory");
    same(bars.map(([, to]) => to), told.memory.rows.flatMap((row) => row.parts.map((part) => part.value)), `${where} memory`);
    same(told.memory.totals, told.memory.modes.map((of) => median(runs(of).map((run) => run.memory_by_purpose.total))), `${where} all memory`);
  }
  for (const of of names.filter((of) => runs(of)[0].tasks.length > 0)) {
    const {bars, pixel} = chart(`timeline ${of}`);
    const middle = runs(of).toSorted((a, b) => a.wall_seconds - b.wall_seconds)[runs(of).length >> 1];
    same(bars.map(([from]) => from), middle.tasks.map((task) => task.start_seconds), `${where} starts ${of}`);
    // A bar is as long as its task, less the pixel that parts it from the next where there is room; it is never narrower than one.
    const drawn = (task) => (task.end_seconds - task.start_seconds) / pixel;
    const wide = (pixels) => Math.max(1, pixels - (pixels > 4 ? 1 : 0));
    same(bars.map(([, to]) => to), middle.tasks.map((task) => task.start_seconds + wide(drawn(task)) * pixel), `${where} ends ${of}`);
    const {rows, of_workers: workers} = told.timelines.find((timeline) => timeline.variant === of);
    if (workers) assert.equal(rows, Math.max(...middle.tasks.map((task) => task.worker)) + 1, `${where}: rows of ${of}`);
  }
  const looping = names.filter((of) => runs(of)[0].iterations.length > 0);
  if (looping.length > 0) {
    const expected = looping.flatMap((of) => runs(of)[0].iterations.map((_, i) => median(runs(of).map((run) => run.iterations[i].wall_seconds))));
    same(chart("iterations").points.map(([, y]) => y), expected, `${where} iterations`);
  }
  if (report.ladder) {
    const rungs = report.ladder.filter((step) => !step.does_not_apply);
    const presets = [report.ladder[0].median_seconds, report.ladder.at(-1).median_seconds];
    same(chart("ladder").bars.map(([from, to]) => to - from), [...presets, ...rungs.slice(1).map((step) => Math.abs(step.difference_seconds))], `${where} ladder`);
  }
  if (report.memory_sweep) {
    const {points, intervals} = chart("sweep time");
    same(points.map(([, y]) => y), report.memory_sweep.map((point) => point.median_seconds), `${where} sweep`);
    same(points.map(([x]) => x), report.memory_sweep.map((point) => point.percent), `${where} sweep points`);
    same(ends(intervals), report.memory_sweep.flatMap((point) => point.ci95_seconds), `${where} sweep intervals`);
    same(chart("sweep bytes").points.map(([, y]) => y), report.memory_sweep.map((point) => point.spilled_bytes), `${where} sweep bytes`);
  }
  for (const {axis, points} of report.growths ?? []) {
    const drawn = chart(`growth ${axis}`);
    const expected = points.flatMap((point) => point.modes.map((mode) => ({amount: point.amount, ...mode})));
    same(drawn.points.map(([, y]) => y), expected.map((point) => point.median_seconds), `${where} growth ${axis}`);
    same(drawn.points.map(([x]) => x), expected.map((point) => point.amount), `${where} growth ${axis}, amounts`);
    same(ends(drawn.intervals), expected.flatMap((point) => point.ci95_seconds), `${where} growth ${axis}, intervals`);
  }
  assert.deepEqual(Object.keys(charts).toSorted(), [...seen].toSorted(), `${where}: charts that nothing was expected of`);
  return seen.size;
};

// -- Saving ---------------------------------------------------------------------------------------------------------------

/** Saves every chart both ways: a picture that stands alone, with its title, and one made of pixels. */
const saveAll = async (tab, where, stem) => {
  const figures = await tab.locator("[data-chart]").all();
  for (const figure of figures) {
    const [chart, title] = [await figure.getAttribute("data-chart"), await figure.locator("h3").textContent()];
    const saved = {};
    for (const kind of ["SVG", "PNG"]) {
      const saving = tab.waitForEvent("download");
      await figure.locator(".save button", {hasText: kind}).click();
      saved[kind] = readFileSync(await (await saving).path());
    }
    const drawing = saved.SVG.toString();
    assert.ok(drawing.startsWith("<svg") && drawing.includes(title) && !/var\(|currentColor/.test(drawing), `${where}: ${chart} as SVG`);
    const parsed = await tab.evaluate((text) => new DOMParser().parseFromString(text, "image/svg+xml").querySelector("parsererror")?.textContent ?? null, drawing);
    assert.equal(parsed, null, `${where}: ${chart} as SVG`);
    assert.deepEqual([...saved.PNG.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10], `${where}: ${chart} as PNG`);
    // A picture of one colour is compressed to next to nothing.
    assert.ok(saved.PNG.length > 4000, `${where}: ${chart} as PNG is empty`);
    writeFileSync(`${stem}-${chart.replace(/\W+/g, "-")}.svg`, saved.SVG);
    writeFileSync(`${stem}-${chart.replace(/\W+/g, "-")}.png`, saved.PNG);
  }
};

const pagesOf = (pdf) => pdf.toString("latin1").match(/\/Type\s*\/Page\b/g).length;
const opened = async (browser, settings, address, said, asked) => {
  const context = await browser.newContext({deviceScaleFactor: 1, acceptDownloads: true, ...settings});
  const tab = await context.newPage();
  tab.on("console", (message) => said.push(message.text()));
  tab.on("pageerror", (error) => said.push(String(error)));
  tab.on("request", (request) => asked.push(request.url()));
  await tab.goto(address);
  return [context, tab];
};

const browser = await chromium.launch({executablePath, args: ["--no-sandbox"]});
const faults = [];
try {
  for (let i = 0; i < rest.length; i += 2) {
    const [page, sources] = [resolve(rest[i]), rest[i + 1].split(",")];
    const address = pathToFileURL(page).href;
    for (const screen of SCREENS) {
      const where = `${basename(page)} ${screen.name}`;
      const stem = join(out, `${basename(page, ".html")}-${screen.name}`);
      const [said, asked] = [[], []];
      const [context, tab] = await opened(browser, screen, address, said, asked);
      const drawn = () => [...document.querySelectorAll("[data-chart]")].every((figure) => figure.scales);
      await tab.waitForTimeout(150);
      await tab.screenshot({path: `${stem}.png`, fullPage: true});
      await tab.evaluate(() => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
      await tab.waitForFunction(drawn);
      const data = (id) => tab.evaluate((id) => JSON.parse(document.getElementById(id).textContent), id);
      const [embedded, told] = [await data("reports"), await data("charts")];
      const saved = sources.flatMap((source) => { const report = JSON.parse(readFileSync(source, "utf8")); return report.comparisons ?? [report]; });
      // A page of comparisons holds what was saved; a page of single runs holds them side by side.
      saved.filter((report) => report.settings).forEach((report, i) => assert.ok(isDeepStrictEqual(embedded[i], report), `${where}: other data`));
      const articles = await tab.evaluate(readCharts);
      assert.equal(articles.length, embedded.length, where);
      let charts = 0;
      articles.forEach((charted, i) => { charts += check(charted, embedded[i], told[i], where); });
      // Numbers and their units are held together by spaces that do not break.
      const textsOf = async (selector) => (await tab.locator(selector).allTextContents()).map((text) => text.replaceAll("\u00a0", " "));
      const words = await textsOf("article");
      const sheet = await data("sheet");
      const toldOfClaims = (await textsOf(".sheet")).join();
      for (const claim of sheet?.claims ?? []) for (const words of [claim.text, claim.verdict, ...claim.sentences]) assert.ok(toldOfClaims.includes(words), `${where}: ${words}`);
      embedded.forEach((report, i) => report.verdict.forEach((sentence) => assert.ok(words[i].includes(sentence.slice(1)), `${where}: ${sentence}`)));
      faults.push(...(await tab.evaluate(illegible)).map((fault) => `${where}: ${fault}`));
      const overflow = await tab.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
      assert.ok(overflow <= 0, `${where}: ${overflow} pixels wider than the screen`);
      const overview = (await tab.locator(".overview").allTextContents()).join();
      if (embedded.length > 1) assert.ok(embedded.every(({machine}) => overview.includes(machine)), `${where}: machines`);
      if (embedded.length > 0) {
        const saving = tab.waitForEvent("download");
        await tab.getByRole("button", {name: /^Download/}).first().click();
        const stored = JSON.parse(readFileSync(await (await saving).path(), "utf8"));
        assert.ok(isDeepStrictEqual(stored, embedded[0]), `${where}: download`);
      }
      if (screen.viewport.width === 1440) await saveAll(tab, where, stem);
      assert.deepEqual(said, [], where);
      assert.deepEqual(asked.filter((url) => url !== address && !/^(blob|data):/.test(url)), [], where);
      console.log(`${where}: ${charts} charts`);
      await context.close();
    }
    for (const colorScheme of ["light", "dark"]) {
      const said = [];
      const [context, tab] = await opened(browser, {viewport: {width: 1024, height: 900}, colorScheme}, address, said, []);
      await tab.waitForTimeout(150);
      const path = join(out, `${basename(page, ".html")}-print-${colorScheme}.pdf`);
      const pages = pagesOf(await tab.pdf({path, preferCSSPageSize: true}));
      const articles = await tab.locator("article").count();
      const most = articles * PAPER + (articles > 1 ? 1 : 0) + (await tab.locator(".sheet").count()) * PAPER;
      if (pages > most) faults.push(`${basename(page)}: ${pages} pages of paper`);
      assert.deepEqual(said, [], `${basename(page)} on paper`);
      console.log(`${basename(page)} on paper, from ${colorScheme}: ${pages} pages`);
      await context.close();
    }
  }
  assert.deepEqual(faults, [], "what cannot be read");
} finally {
  await browser.close();
}
