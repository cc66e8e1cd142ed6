"use strict";
// The pencil: figures as people read them, elements, scales, marks, and a figure that can be saved as SVG and PNG.

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
/** The unit in which so many bytes are read. */
const binaryUnit = (value) => 1024 ** Math.min(4, Math.floor(Math.log(Math.max(value, 1)) / Math.log(1024)));
const count = (value) => value.toLocaleString("en-US");
const interval = (ci, format) => (ci ? `${format(ci[0])} … ${format(ci[1])}` : "–");
const plain = (value) => String(Number(value.toPrecision(6)));

// -- Elements -------------------------------------------------------------------------------------------------------------

const add = (made, attributes, children) => {
  for (const [key, value] of Object.entries(attributes)) if (value != null) made.setAttribute(key, value);
  made.append(...children.flat(Infinity).filter((child) => child != null));
  return made;
};
const element = (name, attributes = {}, ...children) => add(document.createElement(name), attributes, children);
const SVG = "http://www.w3.org/2000/svg";
const svg = (name, attributes = {}, ...children) => add(document.createElementNS(SVG, name), attributes, children);

/** A table of rows of cells, the first row its head. */
const table = (rows) =>
  element("div", {class: "scroll"}, element("table", {},
    element("thead", {}, element("tr", {}, rows[0].map((cell) => element("th", {scope: "col"}, cell)))),
    element("tbody", {}, rows.slice(1).map((row) => element("tr", {}, row.map((cell) => element("td", {}, cell)))))));

// -- Text -----------------------------------------------------------------------------------------------------------------

const FONT = getComputedStyle(document.documentElement).fontFamily;
const SIZE = 13;
const ruler = document.createElement("canvas").getContext("2d");
const widthOf = (text, size = SIZE, weight = 400) => {
  ruler.font = `${weight} ${size}px ${FONT}`;
  return ruler.measureText(text).width;
};
const widest = (texts, size, weight) => Math.max(0, ...texts.map((text) => widthOf(text, size, weight)));
const text = (words, x, y, attributes = {}) => svg("text", {x, y, fill: "var(--ink)", ...attributes}, words);
/** The same with numbers that stay on the line of their units. */
const kept = (words) => words.replace(/(\d) (?=(?:[KMGT]i?B|B|µs|ms|s|min|h|%)(?![a-zA-Z]))/g, "$1\u00a0");
/** Lines of at most this width. */
const wrap = (words, width, size = SIZE, weight = 400) => {
  const lines = [""];
  for (const word of kept(words).split(" ")) {
    const longer = lines.at(-1) ? `${lines.at(-1)} ${word}` : word;
    if (widthOf(longer, size, weight) <= width || !lines.at(-1)) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
};

// -- Scales ---------------------------------------------------------------------------------------------------------------

const linear = ([from, to], [start, end]) => {
  const scale = (value) => start + ((value - from) / (to - from || 1)) * (end - start);
  scale.invert = (pixel) => from + ((pixel - start) / (end - start)) * (to - from);
  scale.domain = [from, to];
  scale.ticks = (most) => {
    const rough = (to - from || 1) / most;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((times) => times * power >= rough * 0.999);
    const ticks = [];
    for (let i = Math.ceil(from / step - 1e-9); i * step <= to * (1 + 1e-9); i++) ticks.push(Number((i * step).toPrecision(12)));
    return ticks;
  };
  return scale;
};
const logarithmic = ([from, to], range) => {
  const inner = linear([Math.log10(from), Math.log10(to === from ? from * 10 : to)], range);
  const scale = (value) => inner(Math.log10(value));
  scale.invert = (pixel) => 10 ** inner.invert(pixel);
  scale.ticks = (most) => {
    const within = (steps) => {
      const ticks = [];
      for (let power = Math.floor(Math.log10(from)) - 1; power <= Math.log10(to) + 1; power++)
        for (const step of steps) if (step * 10 ** power >= from * 0.999 && step * 10 ** power <= to * 1.001) ticks.push(Number((step * 10 ** power).toPrecision(6)));
      return ticks;
    };
    return [[1, 2, 5], [1, 3], [1]].map(within).find((ticks) => ticks.length <= most) ?? [from, to];
  };
  return scale;
};
/** Ticks at whole numbers of a unit. */
const ticksOf = (scale, most, unit = 1) => (unit === 1 ? scale.ticks(most) : linear(scale.domain.map((end) => end / unit), [0, 1]).ticks(most).map((tick) => tick * unit));

// -- Marks ----------------------------------------------------------------------------------------------------------------

const tipped = (lines) => ({"data-tip": lines.filter(Boolean).join("\n")});
const line = (x1, y1, x2, y2, attributes = {}) => svg("line", {x1, y1, x2, y2, stroke: "var(--ink)", ...attributes});
/** An interval on the value's axis, with a seam that parts it from the bar below it. */
const whisker = (from, to, at, {upright = false, cap = 5, color = "var(--ink)"} = {}) => {
  const point = (along, across) => (upright ? `${across},${along}` : `${along},${across}`);
  const ends = [from, to].map((end) => `M${point(end, at - cap)}L${point(end, at + cap)}`).join("");
  const d = `M${point(from, at)}L${point(to, at)}${ends}`;
  return svg("g", {class: "whisker", "data-from": from, "data-to": to},
    svg("path", {d, stroke: "var(--paper)", "stroke-width": 4, "stroke-linecap": "square", fill: "none", "stroke-opacity": 0.75}),
    svg("path", {d, stroke: color, "stroke-width": 1.6, fill: "none"}));
};
/** Vertical lines at the ticks of a horizontal scale, with their numbers below. */
const gridX = (scale, top, bottom, ticks, format = plain) => ticks.map((tick) => [
  line(scale(tick), top, scale(tick), bottom, {stroke: "var(--line)"}),
  text(format(tick), scale(tick), bottom + 17, {"text-anchor": "middle", fill: "var(--soft)", class: "tick"}),
]);
const gridY = (scale, left, right, ticks, format = plain) => ticks.map((tick) => [
  line(left, scale(tick), right, scale(tick), {stroke: "var(--line)"}),
  text(format(tick), left - 8, scale(tick) + 4, {"text-anchor": "end", fill: "var(--soft)", class: "tick"}),
]);
/** Places for labels of one line each that stand one below the other, as near as possible to where they belong. */
const apart = (wanted, height, top, bottom) => {
  const order = wanted.map((at, i) => ({at, i})).sort((a, b) => a.at - b.at);
  order.forEach((label, i) => { if (i) label.at = Math.max(label.at, order[i - 1].at + height); });
  const over = Math.max(0, (order.at(-1)?.at ?? 0) - bottom);
  order.forEach((label) => { label.at -= over; });
  for (let i = order.length - 2; i >= 0; i--) order[i].at = Math.min(order[i].at, order[i + 1].at - height);
  const places = [];
  order.forEach(({at, i}) => { places[i] = Math.max(at, top); });
  return places;
};

// -- Figures --------------------------------------------------------------------------------------------------------------

/** Widths on paper: of a chart that has the page's width, and of two side by side. */
const PRINTED = {wide: 940, half: 456};
const figures = [];
let printing = false;

const legendOf = (entries) =>
  element("div", {class: "legend"}, entries.map(([name, color, extra = ""]) =>
    element("span", {}, element("i", {style: `background:${color}`, class: extra}), name)));

/**
 * A chart with its title, what it shows, a caption, its numbers, and buttons that save it. `draw` is given a width and
 * returns the height, the marks and the scales; the scales are kept on the figure, where tests find them.
 */
const chart = ({name, title, about, legend, draw, caption, numbers, wide = false}) => {
  const place = element("div", {class: "place"});
  const made = element("figure", {"data-chart": name, class: wide ? "wide" : null},
    element("header", {}, element("h3", {}, title),
      element("span", {class: "save"}, ["SVG", "PNG"].map((kind) => {
        const button = element("button", {type: "button", title: `Save this chart as ${kind}`, "aria-label": `Save ${title} as ${kind}`}, kind);
        button.addEventListener("click", () => save[kind](made));
        return button;
      }))),
    about && element("p", {class: "about"}, about),
    legend?.length ? legendOf(legend) : null, place,
    caption && element("figcaption", {}, caption),
    numbers && element("details", {}, element("summary", {}, "The numbers"), table(numbers)));
  made.about = {name, title, about, legend: legend ?? [], caption};
  let drawn = 0;
  made.redraw = (width = Math.floor(place.clientWidth)) => {
    if (width <= 0 || width === drawn) return;
    drawn = width;
    const {height, marks, scales} = draw(width);
    made.scales = scales;
    made.size = {width, height};
    place.replaceChildren(svg("svg", {viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": `${title}. ${about ?? ""}`,
      "font-size": SIZE}, marks));
  };
  new ResizeObserver(() => { if (!printing) made.redraw(); }).observe(place);
  figures.push(made);
  return made;
};

addEventListener("beforeprint", () => {
  printing = true;
  figures.forEach((figure) => figure.redraw(figure.classList.contains("wide") ? PRINTED.wide : PRINTED.half));
});
addEventListener("afterprint", () => {
  printing = false;
  figures.forEach((figure) => figure.redraw());
});

// -- Saving ---------------------------------------------------------------------------------------------------------------

/** The chart as a picture of its own: with title, legend and caption, and with colours in place of the page's names. */
const standalone = (figure) => {
  const {title, about, legend, caption} = figure.about;
  const margin = 16;
  const width = Math.max(figure.size.width, 480);
  const parts = [];
  let y = margin;
  const write = (words, size, weight, fill) => wrap(words, width, size, weight).forEach((words) => {
    y += size * 1.35;
    parts.push(text(words, margin, y - size * 0.3, {"font-size": size, "font-weight": weight, fill}));
  });
  write(title, 17, 700, "var(--ink)");
  if (about) write(about, 13, 400, "var(--soft)");
  let x = margin;
  legend.forEach(([name, color], i) => {
    const wide = 34 + widthOf(name);
    if (i === 0 || x + wide > width) [x, y] = [margin, y + 24];
    parts.push(svg("rect", {x, y: y - 11, width: 12, height: 12, rx: 2, fill: color}), text(name, x + 18, y));
    x += wide;
  });
  y += 12;
  const drawing = figure.querySelector(".place > svg").cloneNode(true);
  add(drawing, {x: margin, y, width: figure.size.width, height: figure.size.height, overflow: "visible"}, []);
  parts.push(drawing);
  y += figure.size.height + 4;
  if (caption) write(caption, 12, 400, "var(--soft)");
  const report = reports[Number(figure.closest("article")?.dataset.report ?? 0)];
  write(`twinmill · ${report.job} · ${report.machine}`, 11, 400, "var(--soft)");
  const size = {width: width + 2 * margin, height: Math.ceil(y + margin)};
  const whole = svg("svg", {xmlns: SVG, viewBox: `0 0 ${size.width} ${size.height}`, ...size, "font-family": FONT, "font-size": SIZE},
    svg("rect", {...size, fill: "var(--paper)"}), parts);
  const colors = getComputedStyle(document.documentElement);
  const drawn = new XMLSerializer().serializeToString(whole);
  return {size, source: drawn.replace(/var\((--[\w-]+)\)/g, (_, name) => colors.getPropertyValue(name).trim())};
};

const store = (blob, name) => {
  const url = URL.createObjectURL(blob);
  element("a", {href: url, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(url), 1000);
};
const fileOf = (figure, kind) => `twinmill-${figure.about.name.replace(/\W+/g, "-")}.${kind}`;
const save = {
  SVG: (figure) => store(new Blob([standalone(figure).source], {type: "image/svg+xml"}), fileOf(figure, "svg")),
  PNG: (figure) => {
    const {size, source} = standalone(figure);
    const image = new Image();
    image.onload = () => {
      const canvas = element("canvas", {width: 2 * size.width, height: 2 * size.height});
      canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
      canvas.toBlob((blob) => store(blob, fileOf(figure, "png")), "image/png");
    };
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(source)}`;
  },
};

// -- What is said of the mark under the pointer ----------------------------------------------------------------------------

const tip = document.getElementById("tip");
const showTip = (event) => {
  const marked = event.target.closest?.("[data-tip]");
  tip.hidden = !marked;
  if (!marked) return;
  tip.textContent = marked.dataset.tip;
  const {width, height} = tip.getBoundingClientRect();
  const [x, y] = event.type === "focusin" ? [marked.getBoundingClientRect().left, marked.getBoundingClientRect().bottom] : [event.clientX, event.clientY];
  tip.style.left = `${Math.max(4, Math.min(x + 12, innerWidth - width - 4))}px`;
  tip.style.top = `${y + 16 + height > innerHeight ? y - height - 10 : y + 16}px`;
};
["pointermove", "pointerdown", "focusin"].forEach((kind) => document.addEventListener(kind, showTip));
addEventListener("scroll", () => { tip.hidden = true; }, {passive: true});

