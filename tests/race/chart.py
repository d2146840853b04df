# SPDX-License-Identifier: MIT
"""Line charts as SVG, several in one picture, with one legend for all: what the race needs and no more."""
from html import escape

WIDTH, HEIGHT = 380, 250		# of one chart
LEFT, RIGHT, TOP, BOTTOM = 52, 14, 40, 44
HEAD, LEGEND = 54, 30			# above the charts, below them
FONT = "font-family='DejaVu Sans, Verdana, sans-serif'"


class Style:
    def __init__(self, colour, width=2.0, dashes="", marks=True):
        self.colour, self.width, self.dashes, self.marks = colour, width, dashes, marks


def nice_steps(low, high, most=5):
    """=> round numbers from at most low to at least high, no more than about `most` of them"""
    step = 10.0 ** -6
    while (high - low) / step > most:
        step = step * 2.5 if f"{step:e}"[0] == "2" else step * 2
    first = int(low / step) - (low < 0)
    steps = [first * step]
    while steps[-1] < high - step * 1e-6:
        steps.append(steps[-1] + step)
    return steps


def text(x, y, words, size=11, anchor="start", colour="#333", weight="normal"):
    return (f"<text x='{x:.1f}' y='{y:.1f}' {FONT} font-size='{size}' text-anchor='{anchor}' fill='{colour}' "
            f"font-weight='{weight}'>{escape(words)}</text>")


def line(x1, y1, x2, y2, colour="#ddd", width=1.0):
    return f"<line x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}' stroke='{colour}' stroke-width='{width}'/>"


class Chart:
    """series: {name: [(x, y), ...]}; x: pages, y: percent"""

    def __init__(self, title, about, series, x_label, y_unit):
        self.title, self.about, self.series = title, about, series
        self.x_label, self.y_unit = x_label, y_unit

    def draw(self, left, top, styles):
        points = [p for line_ in self.series.values() for p in line_]
        xs, ys = [x for x, _ in points], [y for _, y in points]
        x_ticks = nice_steps(0, max(xs), 6)
        y_ticks = nice_steps(0, max(ys), 5)
        x_end, y_end = max(xs) * 1.02, y_ticks[-1]
        inner_w, inner_h = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

        def place(x, y):
            return left + LEFT + x / x_end * inner_w, top + TOP + (1 - y / y_end) * inner_h

        out = [text(left + LEFT, top + 16, self.title, 13, weight="bold"),
               text(left + LEFT, top + 31, self.about, 9.5, colour="#666")]
        for y in y_ticks:
            (x1, y1), (x2, _) = place(0, y), place(x_end, y)
            out += [line(x1, y1, x2, y1), text(x1 - 6, y1 + 4, f"{y:g}{self.y_unit}", 10, "end", "#666")]
        for x in x_ticks:
            if x <= x_end:
                x1, y1 = place(x, 0)
                out += [line(x1, y1, x1, y1 + 4, "#999"), text(x1, y1 + 16, f"{x:g}", 10, "middle", "#666")]
        x1, y1 = place(0, 0)
        out.append(line(x1, y1, place(x_end, 0)[0], y1, "#999"))
        out.append(text(left + LEFT + inner_w / 2, top + HEIGHT - 12, self.x_label, 10, "middle", "#666"))
        for name, series in self.series.items():
            style = styles[name]
            places = [place(x, y) for x, y in sorted(series)]
            path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
            dashes = f" stroke-dasharray='{style.dashes}'" if style.dashes else ""
            out.append(f"<polyline points='{path}' fill='none' stroke='{style.colour}' stroke-width='{style.width}' "
                       f"stroke-linejoin='round'{dashes}/>")
            if style.marks:
                out += [f"<circle cx='{x:.1f}' cy='{y:.1f}' r='2.6' fill='{style.colour}'/>" for x, y in places]
        return out


def picture(title, about, charts, styles, columns=2):
    """=> the text of an SVG file"""
    rows = (len(charts) + columns - 1) // columns
    width, height = columns * WIDTH + 20, HEAD + rows * HEIGHT + LEGEND
    out = [f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' "
           f"viewBox='0 0 {width} {height}'>", f"<rect width='{width}' height='{height}' fill='white'/>",
           text(16, 24, title, 16, weight="bold"), text(16, 42, about, 11, colour="#666")]
    for i, chart in enumerate(charts):
        out += chart.draw(10 + i % columns * WIDTH, HEAD + i // columns * HEIGHT, styles)
    x, y = 16, height - 12
    for name, style in styles.items():
        dashes = f" stroke-dasharray='{style.dashes}'" if style.dashes else ""
        out.append(f"<line x1='{x}' y1='{y - 4}' x2='{x + 22}' y2='{y - 4}' stroke='{style.colour}' "
                   f"stroke-width='{style.width}'{dashes}/>")
        out.append(text(x + 27, y, name, 11))
        x += 42 + 7 * len(name)
    return "\n".join(out + ["</svg>"]) + "\n"
