// The live chart. It draws a picture with Plotly and, while the thumb of a native slider moves, interpolates a family of pictures
// (the same picture on a grid of that slider's values) without asking the server. The exact picture replaces the preview on release.
// Streamlit calls the default export again at every change of data or theme, so everything here is idempotent.

const DARK = { text: "#f2f2f2", grid: "#3a3f4b", faint: "#8a93a5", region: "#ffffff" }
const LIGHT = { text: "#1b1f27", grid: "#e3e6ec", faint: "#6b7280", region: "#000000" }
// One colour, one meaning, on every page (Okabe & Ito's set, safe for colour-blind eyes). [light, dark]
const ROLES = {
  theory: ["#0072b2", "#56b4e9"],
  second: ["#b35900", "#e69f00"],
  optimum: ["#007a5a", "#2fd0a4"],
  algorithm: ["#a8508a", "#e59ac8"],
  experiment: ["#d55e00", "#ff8a3d"],
  threshold: ["#555b66", "#b6bdca"],
  here: ["#111111", "#ffffff"],
  "series-0": ["#0072b2", "#56b4e9"],
  "series-1": ["#b35900", "#e69f00"],
  "series-2": ["#007a5a", "#2fd0a4"],
  "series-3": ["#a8508a", "#e59ac8"],
  "series-4": ["#8a6d00", "#f0e442"],
  "series-5": ["#555b66", "#b6bdca"],
  // values of one parameter in their order
  "shade-0": ["#c77fb0", "#a26f95"],
  "shade-1": ["#94408c", "#c087b4"],
  "shade-2": ["#4d1f5c", "#f0cfe6"],
}
const DASHES = ["solid", "dash", "dashdot", "dot", "longdash", "longdashdot"]

function loadPlotly(url) {
  window.phaseAtlasPlotly ??= new Promise((resolve, reject) => {
    const script = document.createElement("script")
    script.src = url
    script.onload = () => resolve(window.Plotly)
    script.onerror = () => reject(new Error(`the drawing library could not be loaded from ${url}`))
    document.head.append(script)
  })
  return window.phaseAtlasPlotly
}

function decode(text) {
  if (typeof text !== "string") return text
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0))
  return new Float32Array(bytes.buffer)
}

const decodeCurve = (curve) => ({ ...curve, x: decode(curve.x), y: decode(curve.y), sem: decode(curve.sem) })
const decodePicture = (picture) => ({ ...picture, curves: picture.curves.map(decodeCurve) })

// A member of a family may say "as in the member before" with null, to spare the wire.
function decodeFamily(family) {
  let before = null
  const members = family.members.map((member) => {
    const curves = member.curves.map((curve, i) => {
      const full = decodeCurve(curve)
      for (const axis of ["x", "y"]) full[axis] ??= before.curves[i][axis]
      return full
    })
    before = { ...member, curves }
    return before
  })
  return { ...family, members }
}

function mixNumber(a, b, t, log) {
  if (a === b) return a
  if (!Number.isFinite(a) || !Number.isFinite(b)) return t < 0.5 ? a : b
  if (log && a > 0 && b > 0) return a * Math.pow(b / a, t)
  return a + t * (b - a)
}

function mixArray(a, b, t, log) {
  if (a === b) return a
  const out = new Float32Array(a.length)
  for (let i = 0; i < a.length; i++) out[i] = mixNumber(a[i], b[i], t, log)
  return out
}

// The x axis of a panel: its own or the picture's.
const horizontal = (picture, panel) => picture.panels[panel ?? 0].x ?? picture.x

// The picture between two members of a family, within limits that move along. Curves of different branches, or of different length, are never blended.
function interpolate(family, axes, position) {
  const grid = family.positions
  let i = 0
  while (i < grid.length - 2 && position > grid[i + 1]) i++
  const t = Math.min(1, Math.max(0, (position - grid[i]) / (grid[i + 1] - grid[i])))
  const [a, b] = [family.members[i], family.members[i + 1]]
  const near = t < 0.5 ? a : b
  const within = ([x, ...panels]) => {
    const limited = (axis, [low, high]) => ({ ...axis, low, high })
    return { x: limited(axes.x, x), panels: axes.panels.map((panel, n) => limited(panel, panels[n] ?? [panel.low, panel.high])) }
  }
  if (a.branch !== b.branch) return { ...near, ...within(near.limits) }
  const across = (panel) => horizontal(axes, panel).log
  const curves = near.curves.map((curve) => {
    const p = a.curves.find((c) => c.id === curve.id)
    const q = b.curves.find((c) => c.id === curve.id)
    if (!p || !q || p.branch !== q.branch || p.y.length !== q.y.length) return curve
    return { ...curve, x: mixArray(p.x, q.x, t, across(curve.panel)), y: mixArray(p.y, q.y, t, axes.panels[curve.panel].log) }
  })
  const marks = near.marks.map((mark) => {
    const p = a.marks.find((m) => m.id === mark.id)
    const q = b.marks.find((m) => m.id === mark.id)
    if (!p || !q) return mark
    const mixed = { ...mark }
    for (const field of ["x", "x0", "x1"]) if (field in mark) mixed[field] = mixNumber(p[field], q[field], t, across(mark.panel))
    for (const field of ["y"]) if (field in mark) mixed[field] = mixNumber(p[field], q[field], t, axes.panels[mark.panel].log)
    return mixed
  })
  const limits = near.limits.map((_, n) => [0, 1].map((end) => mixNumber(a.limits[n][end], b.limits[n][end], t, (n ? axes.panels[n - 1] : axes.x).log)))
  return { ...near, curves, marks, ...within(limits) }
}

// Tick values of a logarithmic axis: 1, 2, 5 where few decades are shown, else whole decades, thinned out where they are many.
function logTicks(low, high, small, colour) {
  const decades = Math.log10(high / low)
  const digits = decades <= (small ? 1.5 : 3) ? [1, 2, 5] : [1]
  const stride = Math.ceil(decades / (small ? 6 : 12))
  const tickvals = []
  const ticktext = []
  for (let e = Math.floor(Math.log10(low)); e <= Math.ceil(Math.log10(high)); e++) {
    if (e % stride) continue
    for (const digit of digits) {
      const value = Number(`${digit}e${e}`)
      if (value < low * 0.999 || value > high * 1.001) continue
      tickvals.push(value)
      ticktext.push(e >= -3 && e <= 3 ? String(value) : `${digit === 1 ? "" : `${digit}·`}10<sup>${e}</sup>`)
    }
  }
  const minor = []
  for (let e = Math.floor(Math.log10(low)); decades <= (small ? 3 : 8) && e < Math.log10(high); e++) for (let digit = 2; digit < 10; digit++) minor.push(digit * 10 ** e)
  return { tickmode: "array", tickvals, ticktext, minor: { tickmode: "array", tickvals: minor, ticks: "outside", ticklen: 3, tickcolor: colour } }
}

// "α_c" with a real subscript: as HTML for Plotly, and as nodes for the page.
const subscripts = (text) => text.replace(/_([\p{L}\p{N}]+)/gu, "<sub>$1</sub>")

function write(element, text) {
  element.replaceChildren(
    ...text.split(/(_[\p{L}\p{N}]+)/u).map((part) => {
      if (!part.startsWith("_")) return part
      const sub = document.createElement("sub")
      sub.textContent = part.slice(1)
      return sub
    }),
  )
}

class LiveChart {
  constructor(root) {
    this.root = root
    this.find = (name) => root.querySelector(`[data-part="${name}"]`)
    this.plot = this.find("plot")
    this.families = new Map()
    this.watched = new Map()
    this.drawing = false
    this.pending = null
    this.live = null
    for (const format of ["png", "svg"]) this.find(format).onclick = () => this.download(format)
    this.pinned = null
    this.find("pin").onclick = () => this.pin()
    this.plot.addEventListener("pointerdown", (down) => (this.down = down), { capture: true })
    this.plot.ownerDocument.addEventListener("pointerup", this.up = (up) => this.down && (this.clicked(this.down, up), (this.down = null)), { capture: true })
    this.resize = new ResizeObserver(() => this.plotly && this.shown && this.draw(this.shown, this.badge))
    this.resize.observe(this.plot)
  }

  destroy() {
    this.resize.disconnect()
    this.plot.ownerDocument.removeEventListener("pointerup", this.up, { capture: true })
    for (const { observer } of this.watched.values()) observer.disconnect()
    this.watched.clear()
    if (this.plotly && this.plot.data) this.plotly.purge(this.plot)
  }

  async update(data, trigger) {
    this.data = data
    this.trigger = trigger
    if (data.family) this.families.set(data.family.name, decodeFamily(data.family))
    if (data.revision !== this.revision) {
      this.revision = data.revision
      this.exact = decodePicture(data.picture)
      this.live = null
    }
    this.root.classList.toggle("small", data.small)
    this.watch()
    try {
      this.plotly ??= await loadPlotly(data.plotly)
    } catch (error) {
      this.find("takeaway").textContent = `${error.message}. ${data.picture.takeaway}`
      return
    }
    this.refresh()
  }

  // ---- following the sliders -------------------------------------------------------------------------------------------------

  watch(attempt = 0) {
    let missing = false
    for (const slider of this.data.sliders) {
      const host = document.querySelector(`.st-key-${slider.key}`)
      const known = this.watched.get(slider.name)
      if (known && known.host === host && host.isConnected) continue
      known?.observer.disconnect()
      this.watched.delete(slider.name)
      if (!host) {
        missing = true
        continue
      }
      const moved = () => this.moved(slider.name)
      const observer = new MutationObserver(moved)
      observer.observe(host, { subtree: true, childList: true, attributes: true, attributeFilter: ["value", "aria-valuetext"] })
      const wanted = () => this.want(slider.name)
      for (const event of ["pointerenter", "pointerdown", "focusin"]) host.addEventListener(event, wanted, { passive: true })
      this.watched.set(slider.name, { host, observer })
    }
    this.ticks()
    if (missing && attempt < 40) setTimeout(() => this.root.isConnected && this.watch(attempt + 1), 125)
  }

  // Ticks on the slider's track where something happens.
  ticks() {
    for (const slider of this.data.sliders) {
      const host = this.watched.get(slider.name)?.host
      const track = host?.querySelector('[data-orientation="horizontal"] [data-orientation="horizontal"]')
      if (!track) continue
      host.querySelectorAll(".phase-atlas-tick").forEach((old) => old.remove())
      for (const tick of slider.ticks) {
        const mark = document.createElement("span")
        mark.className = "phase-atlas-tick"
        write(mark, tick.text)
        mark.style.left = `${(100 * (tick.position - slider.low)) / (slider.high - slider.low)}%`
        track.append(mark)
      }
    }
  }

  input(slider) {
    return this.watched.get(slider.name)?.host.querySelector("input[type=range]")
  }

  position(slider) {
    const input = this.input(slider)
    return input ? Number(input.getAttribute("value") ?? input.value) : slider.position
  }

  // Whether the thumb stands elsewhere than in the exact picture; a slider shows positions rounded to its step.
  displaced(slider) {
    return Math.abs(this.position(slider) - slider.position) > 0.6 * slider.step
  }

  valid(name) {
    const family = this.families.get(name)
    return family && family.signature === this.data.signatures[name] ? family : null
  }

  want(name) {
    if (this.valid(name) || !this.data.signatures[name] || this.asked === this.data.signatures[name]) return
    this.asked = this.data.signatures[name]
    this.trigger("want", name)
  }

  moved(name) {
    const slider = this.data.sliders.find((s) => s.name === name)
    if (!slider) return
    if (slider.ticks.length && !this.watched.get(name)?.host.querySelector(".phase-atlas-tick")) this.ticks() // a new slider has none
    const displaced = this.displaced(slider)
    if (!displaced && this.live !== name) return
    this.live = displaced ? name : null
    this.want(name)
    this.refresh()
  }

  refresh() {
    if (!this.exact || !this.plotly) return
    const slider = this.data.sliders.find((s) => s.name === this.live)
    const family = slider && this.valid(slider.name)
    if (slider && this.displaced(slider)) {
      if (family) this.draw(interpolate(family, this.exact, this.position(slider)), "preview")
      else this.draw(this.exact, "release to update")
    } else {
      this.draw(this.exact, "")
    }
  }

  // ---- drawing ---------------------------------------------------------------------------------------------------------------

  async draw(picture, badge) {
    this.shown = picture
    this.badge = badge
    this.words(picture, badge)
    if (this.drawing) {
      this.pending = [picture, badge]
      return
    }
    this.drawing = true
    try {
      const { traces, layout } = this.figure({ ...this.exact, ...picture }, badge)
      await this.plotly.react(this.plot, traces, layout, { responsive: false, displaylogo: false, displayModeBar: this.plot.clientWidth < 560 ? false : "hover", modeBarButtonsToRemove: ["select2d", "lasso2d", "toImage"] })
      this.root.dataset.pictures = Number(this.root.dataset.pictures ?? 0) + 1
    } finally {
      this.drawing = false
    }
    if (this.pending) {
      const next = this.pending
      this.pending = null
      this.draw(...next)
    }
  }

  words(picture, badge) {
    write(this.find("title"), this.exact.title)
    const takeaway = this.find("takeaway")
    takeaway.setAttribute("aria-live", badge ? "off" : "polite")
    write(takeaway, picture.takeaway)
    const values = this.data.sliders.map((slider) => `${slider.symbol} = ${slider.name === this.live && this.displaced(slider) ? this.input(slider).getAttribute("aria-valuetext") : slider.text}`)
    this.find("values").textContent = [...values, ...this.data.fixed].join("   ")
    this.find("badge").textContent = badge
    this.plot.setAttribute("aria-label", `${this.exact.title}. ${picture.takeaway}`)
    this.root.dataset.state = badge || "exact"
  }

  theme() {
    const style = getComputedStyle(this.root)
    const background = style.getPropertyValue("--st-background-color").trim() || "#ffffff"
    const [r, g, b] = background.match(/[\da-f]{2}/gi)?.map((h) => parseInt(h, 16)) ?? [255, 255, 255]
    const dark = 0.3 * r + 0.6 * g + 0.1 * b < 128
    return { ...(dark ? DARK : LIGHT), dark, background, font: style.getPropertyValue("--st-font").trim() || "sans-serif" }
  }

  figure(picture, badge) {
    const theme = this.theme()
    const width = this.plot.clientWidth
    const small = width < 560 || this.data.small
    const size = small ? 12 : width > 900 ? 18 : 16
    const colour = (role) => ROLES[role][theme.dark ? 1 : 0]
    const axis = (n) => (n === 0 ? "" : String(n + 1))
    const weights = picture.panels.map((panel) => panel.weight)
    const total = weights.reduce((a, b) => a + b, 0)
    const bottom = picture.panels.length - 1
    const xaxis = (n) => (picture.panels[n].x ? axis(n) : "")
    const shared = picture.panels.findLastIndex((panel) => !panel.x)
    const legendRows = Math.ceil(picture.curves.filter((c) => c.legend).length / (small ? 2 : 5))
    const inner = this.plot.clientHeight - (small ? 54 + 19 * legendRows : 68 + 26 * legendRows)
    const gaps = picture.panels.map((panel, n) => (n === bottom ? 0 : panel.x || n === shared ? (small ? 46 : 72) / inner : 0.09))
    const layout = {
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: theme.font, size, color: theme.text },
      margin: { l: small ? 56 : 76, r: picture.heat ? 8 : 14, t: 8, b: small ? 46 : 60 },
      showlegend: Boolean(this.pinned) || picture.curves.filter((c) => c.legend).length > 1,
      legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", xanchor: "left", font: { size: small ? 11 : size }, bgcolor: "rgba(0,0,0,0)" },
      hovermode: "closest",
      dragmode: small ? false : "zoom",
      uirevision: this.data.view,
      shapes: [],
      annotations: [],
      height: this.plot.clientHeight,
      width,
    }
    const line = (spec, length) => ({
      type: spec.log ? "log" : "linear",
      showline: true,
      linecolor: theme.faint,
      gridcolor: theme.grid,
      zeroline: false,
      ticks: "outside",
      tickcolor: theme.faint,
      uirevision: `${this.data.view} ${spec.title}`, // a zoom belongs to its axis
      automargin: !small,
      ...(spec.log && spec.low !== null ? logTicks(spec.low, spec.high, small, theme.faint) : { nticks: Math.max(3, Math.min(small ? 5 : 9, Math.floor(length / (2.2 * size)))) }),
      ...(spec.low === null ? { autorange: true } : { range: spec.log ? [Math.log10(spec.low), Math.log10(spec.high)] : [spec.low, spec.high] }),
    })
    let top = 1
    const free = 1 - gaps.reduce((a, b) => a + b, 0)
    picture.panels.forEach((panel, n) => {
      const height = (free * weights[n]) / total
      layout[`yaxis${axis(n)}`] = { ...line(panel, height * this.plot.clientHeight), domain: [Math.max(0, top - height), top], title: { text: subscripts(small && bottom ? panel.symbol : panel.title), standoff: 8 }, anchor: `x${xaxis(n)}` }
      if (panel.x || n === shared) {
        const spec = horizontal(picture, n)
        layout[`xaxis${xaxis(n)}`] = { ...line(spec, width), title: { text: subscripts(spec.title), standoff: small && n < bottom ? 2 : 8 }, anchor: `y${axis(n)}` }
      }
      top -= height + gaps[n]
    })

    const traces = []
    if (picture.heat) {
      const heat = picture.heat
      traces.push({
        type: "heatmap", x: decode(heat.x), y: decode(heat.y), z: this.rows(heat), colorscale: "Cividis", zsmooth: false,
        ...(heat.low === null ? {} : { zmin: heat.low, zmax: heat.high }),
        colorbar: { title: { text: heat.title, side: "right" }, thickness: small ? 10 : 16, outlinewidth: 0, tickvals: heat.ticks?.map((v) => v[0]), ticktext: heat.ticks?.map((v) => v[1]) },
        hovertemplate: `${picture.x.symbol} %{x:.3g}<br>${picture.panels[0].symbol} %{y:.3g}<br>${heat.title} %{customdata:.4g}<extra></extra>`,
        customdata: this.rows({ ...heat, z: heat.values ?? heat.z }),
      })
    }
    for (const [i, curve] of (this.pinned?.curves ?? []).entries()) {
      traces.push({
        type: "scatter", mode: "lines", uid: `pinned${i}`, name: this.pinned.name, x: curve.x, y: curve.y, xaxis: `x${xaxis(curve.panel)}`, yaxis: `y${axis(curve.panel)}`,
        showlegend: i === 0, legendgroup: "pinned", line: { color: theme.faint, width: small ? 1.5 : 2, dash: "dot" }, hoverinfo: "skip",
      })
    }
    for (const curve of picture.curves) {
      const ink = colour(curve.role)
      const stale = curve.role === "experiment" && badge
      traces.push({
        type: "scatter", uid: curve.id.replace(/\W/g, (c) => `_${c.codePointAt(0)}`), name: subscripts(curve.name), x: curve.x, y: curve.y, yaxis: `y${axis(curve.panel)}`, xaxis: `x${xaxis(curve.panel)}`,
        mode: curve.kind === "line" ? "lines" : "markers",
        showlegend: curve.legend, opacity: stale ? 0.25 : 1, connectgaps: false, cliponaxis: curve.kind === "line",
        line: { color: ink, width: (small ? 2 : 3) * curve.weight, dash: DASHES[curve.dash], simplify: false },
        marker: curve.kind === "here" ? this.ring(theme, small, picture.heat) : { color: ink, size: (small ? 7 : 9) * curve.weight, line: { color: theme.background, width: 1.5 * curve.weight } },
        ...(curve.sem ? { error_y: { type: "data", array: curve.sem, color: ink, thickness: 2, width: 4 } } : {}),
        ...(curve.stack ? { stackgroup: curve.stack, fillcolor: ink + "99" } : {}),
        ...(curve.fill ? { fill: curve.fill, fillcolor: ink + "22" } : {}),
        hovertemplate: `${horizontal(picture, curve.panel).symbol} %{x:.4g}<br>${curve.name} %{y:.5g}<extra></extra>`,
      })
    }
    let level = 0
    for (const mark of picture.marks) {
      const ink = colour(mark.role)
      const spec = horizontal(picture, mark.panel)
      const xref = `x${xaxis(mark.panel ?? 0)}`
      if (mark.kind === "region" && Number.isFinite(mark.x0) && Number.isFinite(mark.x1)) {
        layout.shapes.push({ type: "rect", xref, x0: mark.x0, x1: mark.x1, yref: `y${axis(mark.panel)} domain`, y0: 0, y1: 1, line: { width: 0 }, fillcolor: mark.shade ? theme.region : "rgba(0,0,0,0)", opacity: mark.shade ? 0.06 : 1, layer: "below" })
        const log = spec.log
        const [low, high] = [spec.low === null ? mark.x0 : Math.max(mark.x0, spec.low), spec.high === null ? mark.x1 : Math.min(mark.x1, spec.high)]
        const span = log ? Math.log(high / low) / Math.log(spec.high / spec.low) : (high - low) / (spec.high - spec.low)
        const room = spec.low === null ? width : span * (width - layout.margin.l)
        if (high > low && room > 0.6 * (size + 2) * mark.text.length)
          layout.annotations.push({ xref, x: log ? Math.log10(Math.sqrt(low * high)) : (low + high) / 2, yref: `y${axis(mark.panel)} domain`, y: mark.height, text: mark.text, showarrow: false, font: { size: size + 2, color: theme.faint } })
      }
      if (mark.kind === "vertical" && Number.isFinite(mark.x)) {
        const panels = mark.panel === null ? picture.panels.flatMap((panel, n) => (panel.x ? [] : [n])) : [mark.panel]
        for (const n of panels) layout.shapes.push({ type: "line", xref, x0: mark.x, x1: mark.x, yref: `y${axis(n)} domain`, y0: 0, y1: 1, line: { color: ink, width: small ? 1.5 : 2, dash: "dash" } })
        const x = spec.log ? Math.log10(mark.x) : mark.x
        const [low, high] = layout[`xaxis${xaxis(mark.panel ?? 0)}`].range ?? [x, x + 1]
        const cut = ((high - x) / (high - low)) * (width - layout.margin.l - layout.margin.r) < 0.55 * size * mark.text.length
        layout.annotations.push({ xref, x, yref: `y${axis(panels[0])} domain`, y: 1 - 0.085 * (level++ % 5), yanchor: "top", xanchor: cut ? "right" : "left", xshift: cut ? -4 : 4, text: subscripts(mark.text), showarrow: false, font: { size: size - 1, color: ink }, bgcolor: theme.background + "cc" })
      }
      if (mark.kind === "horizontal" && Number.isFinite(mark.y)) {
        layout.shapes.push({ type: "line", xref: `${xref} domain`, x0: 0, x1: 1, yref: `y${axis(mark.panel)}`, y0: mark.y, y1: mark.y, line: { color: ink, width: small ? 1.5 : 2, dash: "dot" } })
        layout.annotations.push({ xref: `${xref} domain`, x: 0.99, xanchor: "right", yref: `y${axis(mark.panel)}`, y: picture.panels[mark.panel].log ? Math.log10(mark.y) : mark.y, yanchor: "bottom", text: subscripts(mark.text), showarrow: false, font: { size: size - 1, color: ink } })
      }
      if (mark.kind === "label") layout.annotations.push({ xref, x: spec.log ? Math.log10(mark.x) : mark.x, yref: `y${axis(mark.panel)}`, y: picture.panels[mark.panel].log ? Math.log10(mark.y) : mark.y, text: subscripts(mark.text), showarrow: false, font: { size: size + 2, color: picture.heat ? "#ffffff" : ink }, bgcolor: picture.heat ? "rgba(0,0,0,0.45)" : "rgba(0,0,0,0)" })
    }
    return { traces, layout }
  }

  // The mark of the current point: a ring, filled on a map so that it shows on every colour.
  ring(theme, small, heat) {
    const size = small ? 10 : 13
    if (heat) return { symbol: "circle", size, color: "#ffffff", line: { color: "#000000", width: 3 } }
    return { symbol: "circle-open", size, color: ROLES.here[theme.dark ? 1 : 0], line: { width: 3 } }
  }

  rows(heat) {
    const flat = decode(heat.z)
    const columns = decode(heat.x).length
    const rows = []
    for (let i = 0; i < flat.length; i += columns) rows.push(flat.subarray(i, i + columns))
    return rows
  }

  // A click anywhere on a clickable chart, also where nothing is drawn (which Plotly does not report).
  clicked(down, up) {
    const area = this.plot.querySelector(".nsewdrag")?.getBoundingClientRect()
    if (!this.data?.clickable || !area || Math.hypot(up.clientX - down.clientX, up.clientY - down.clientY) > 4) return
    const [x, y] = [up.clientX - area.left, up.clientY - area.top]
    if (x < 0 || y < 0 || x > area.width || y > area.height) return
    const { xaxis, yaxis } = this.plot._fullLayout
    this.trigger("click", { x: Number(xaxis.p2d(x)), y: Number(yaxis.p2d(y)) })
  }

  // Keep the present curves behind whatever comes, to compare with; again, to let go of them.
  pin() {
    const curves = this.exact?.curves.filter((curve) => curve.kind === "line" && !curve.stack)
    this.pinned = this.pinned || !curves ? null : { curves, name: `pinned: ${this.find("values").textContent.trim().replace(/\s{2,}/g, ", ")}` }
    this.find("pin").setAttribute("aria-pressed", Boolean(this.pinned))
    this.find("pin").textContent = this.pinned ? "Unpin" : "Pin"
    this.refresh()
  }

  download(format) {
    const { traces, layout } = this.figure(this.exact, "")
    const title = { text: this.exact.title, subtitle: { text: this.find("values").textContent }, font: { size: 26 } }
    const white = this.theme().background
    this.plotly.downloadImage(
      { data: traces, layout: { ...layout, title, paper_bgcolor: white, width: undefined, height: undefined, margin: { l: 90, r: 30, t: 130, b: 80 } } },
      { format, width: 1600, height: 900, scale: format === "png" ? 2 : 1, filename: this.data.filename },
    )
  }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".phase-atlas-chart")
  if (!root || !data) return undefined
  root.phaseAtlas ??= new LiveChart(root)
  root.phaseAtlas.update(data, setTriggerValue)
  return () => {
    root.phaseAtlas?.destroy()
    root.phaseAtlas = null
  }
}
