// Opens a dashboard in a headless browser and checks it against the tables that lie beside it.
//
//   node dashboard-test.mjs CHROMIUM OUT_DIR DASHBOARD_DIR
//
// At three widths, light and dark: no console message, no request beside the page itself, nothing wider than the screen, text that
// can be read on its ground, and as many rows and bars as the tables say. Screenshots and a PDF go to OUT_DIR.

import assert from "node:assert/strict";
import {readFileSync, writeFileSync} from "node:fs";
import {join, resolve} from "node:path";
import {pathToFileURL} from "node:url";
import {chromium} from "playwright-core";

const [executablePath, out, dashboard] = process.argv.slice(2);
const SCREENS = [390, 768, 1440].flatMap((width) => ["light", "dark"].map((colorScheme) => ({width, colorScheme})));

/** The rows of a table, without its head. */
const rows = (name) => readFileSync(join(dashboard, `${name}.tsv`), "utf8").trimEnd().split("\n").slice(1).map((row) => row.split("\t"));

const look = () => {
  const channels = (color) => color.match(/[\d.]+/g).slice(0, 3).map(Number);
  const luminance = (color) => channels(color).map((value) => value / 255)
    .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, i) => sum + value * [0.2126, 0.7152, 0.0722][i], 0);
  const paper = luminance(getComputedStyle(document.body).backgroundColor);
  const pale = [...document.querySelectorAll("h1, h2, p, td, th, figcaption, .axis span, .figures b, .figures span")].filter((element) => {
    const ink = luminance(getComputedStyle(element).color);
    return (Math.max(ink, paper) + 0.05) / (Math.min(ink, paper) + 0.05) < 4.5;
  });
  const small = [...document.querySelectorAll("main *")].filter((element) => element.textContent && parseFloat(getComputedStyle(element).fontSize) < 11);
  const table = (name) => [...document.querySelectorAll(`[data-table="${name}"] tr`)].slice(1)
    .map((row) => [...row.cells].map((cell) => cell.textContent.replaceAll(",", "")));
  const axes = [...document.querySelectorAll(".axis")].filter((axis) => {
    const boxes = [...axis.children].map((label) => label.getBoundingClientRect());
    return boxes.some((box, i) => i > 0 && box.left < boxes[i - 1].right);
  });
  return {
    width: document.documentElement.scrollWidth, screen: innerWidth, pale: pale.length, small: small.length, axes: axes.length,
    bars: document.querySelectorAll("[data-chart=requests] rect").length,
    tallest: Math.max(...[...document.querySelectorAll("[data-chart=requests] rect")].map((bar) => Number(bar.getAttribute("height")))),
    tables: Object.fromEntries(["Status", "Method", "Extension", "Pages", "Hosts", "Referrers", "Sessions"].map((name) => [name, table(name)])),
  };
};

const browser = await chromium.launch({executablePath, args: ["--no-sandbox"]});
for (const {width, colorScheme} of SCREENS) {
  const page = await browser.newPage({viewport: {width, height: 900}, colorScheme});
  const said = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  page.on("request", (request) => { if (!request.url().endsWith("dashboard.html")) said.push(request.url()); });
  await page.goto(pathToFileURL(resolve(dashboard, "dashboard.html")).href);
  const seen = await page.evaluate(look);
  const where = `${width} ${colorScheme}`;
  assert.deepEqual(said, [], where);
  assert.ok(seen.width <= seen.screen, `${where}: ${seen.width} pixels wide`);
  assert.deepEqual([seen.pale, seen.small, seen.axes], [0, 0, 0], `${where}: pale, small, labels on labels`);
  const hours = rows("hours");
  assert.ok(seen.bars > 0 && seen.bars <= 120 && seen.tallest === 100, `${where}: ${seen.bars} bars for ${hours.length} hours`);
  for (const [name, file] of [["Status", "statuses"], ["Method", "methods"], ["Extension", "extensions"], ["Pages", "pages"], ["Hosts", "hosts"], ["Referrers", "referrers"], ["Sessions", "sessions"]]) {
    const shown = seen.tables[name].map((row) => Number(row[1]));
    assert.deepEqual(shown, rows(file).map((row) => Number(row[1])), `${where}: ${name}`);
  }
  await page.screenshot({path: join(out, `dashboard-${width}-${colorScheme}.png`), fullPage: true});
  if (width === 1440 && colorScheme === "light") writeFileSync(join(out, "dashboard.pdf"), await page.pdf({preferCSSPageSize: true}));
  await page.close();
}
await browser.close();
console.log(`${dashboard}: ${SCREENS.length} screens`);
