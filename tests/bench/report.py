"""The same rows for a terminal, as CSV, as a picture and as the README's table."""

import csv
import math
import os
import platform
import time
from xml.sax.saxutils import escape

VERDICTS = {True: "met", False: "missed", None: ""}


def machine():
    name = platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:
            name = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), name)
    except OSError:
        pass
    return f"{name}, {os.cpu_count()} cores, {platform.system()} {platform.release().split('-')[0]}"


def conditions(bench):
    return (f"{machine()}, {bench.disk.name}; {time.strftime('%Y-%m-%d')}; {bench.rounds} rounds; "
            f"{'before other work (SCHED_RR); ' if bench.first else ''}load {bench.load:.1f} before and {os.getloadavg()[0]:.1f} after")


def number(value):
    if value is None or isinstance(value, int):
        return "" if value is None else str(value)
    return f"{value:.3f}" if value < 0.1 else f"{value:.2f}" if value < 10 else f"{value:.1f}"


def head(bench):
    print(f"{machine()}; {bench.rounds} rounds; load {bench.load:.1f}\n")
    print(f"{'operation':58} {'against':40} {'µs':>8} {'µs':>8} {'ratio':>6}  {'half of the pairs':17} {'aim':>5}")


def line(row):
    if row.ratio is None:
        print(f"{row.operation:58} {row.against:40} {row.ours:8} {number(row.theirs):>8} {row.unit:25} "
              f"{number(row.aim):>6} {VERDICTS[row.met]}".rstrip(), flush=True)
        return
    print(f"{row.operation:58} {row.against:40} {row.ours:8.0f} {row.theirs:8.0f} {number(row.ratio):>6}  {spread(row):17} "
          f"{number(row.aim):>5} {VERDICTS[row.met]}".rstrip(), flush=True)


def skip(what, why):
    print(f"skipped: {what}: {why}", flush=True)


def foot(bench):
    met = sum(row.met is True for row in bench.rows)
    print(f"\n{met} of {sum(row.met is not None for row in bench.rows)} aims met, {len(bench.skipped)} skipped; "
          f"{conditions(bench)}")


def write_csv(bench, path):
    with open(path, "w", encoding="utf-8", newline="") as file:
        table = csv.writer(file)
        table.writerow(("part", "operation", "against", "unit", "ours", "theirs", "ratio", "lower quartile",
                        "upper quartile", "aim", "met", "rounds", "ours at least", "theirs at least"))
        for row in bench.rows:
            table.writerow([f"{value:.4g}" if isinstance(value, float) else VERDICTS.get(value, value)
                            if value is None or isinstance(value, bool) else value for value in row])


def write_markdown(bench, path):
    """What has an aim or no equal, the README's tables."""
    beside, growth, counts = [], [], []
    for row in bench.rows:
        if row.ratio is None:
            counts.append((f"{row.operation}", f"{row.ours} {row.unit}".rstrip(), row.against, number(row.theirs)))
        elif row.part == "grow":
            growth.append((row.operation, row.against, number(row.ratio), spread(row)))
        elif row.aim is not None or row.part == "pm2":
            beside.append((row.operation, row.against, f"{row.ours:.0f}", f"{row.theirs:.0f}", number(row.ratio), spread(row)))
    with open(path, "w", encoding="utf-8") as file:
        write_table(file, ("operation", "beside", "µs", "µs", "ratio", "half of the pairs"), "llrrrl", beside)
        write_table(file, ("in a larger world", "beside", "ratio", "half of the pairs"), "llrl", growth)
        write_table(file, ("what it takes", "", "beside", ""), "lrlr", counts)
        file.write(f"{conditions(bench)}\n")


def write_table(file, head_cells, sides, rows):
    marks = "|".join({"l": "---", "r": "--:"}[side] for side in sides)
    file.write(f"| {' | '.join(head_cells)} |\n|{marks}|\n".replace("|  |", "| |"))
    for cells in rows:
        file.write(f"| {' | '.join(cells)} |\n".replace("|  |", "| |").replace("|  |", "| |"))
    file.write("\n")


def spread(row):
    return f"{number(row.low)} to {number(row.high)}"


ROW, TOP, LEFT, PLOT, RIGHT = 34, 92, 430, 520, 210
INK, GREY, BLUE, ORANGE, GRID = "#1b1b1b", "#666666", "#1f5fa8", "#c25700", "#dddddd"
TICKS = [base * 10 ** power for power in range(-4, 5) for base in (1, 2, 5)]


class Picture:
    def __init__(self):
        self.lines = []

    def text(self, x, y, text, size=13, colour=INK, anchor="start", weight="normal"):
        self.lines.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" fill="{colour}" text-anchor="{anchor}" '
                          f'font-weight="{weight}">{escape(text)}</text>')

    def stroke(self, x1, y1, x2, y2, colour, width=1.0):
        self.lines.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}" '
                          f'stroke-width="{width}"/>')

    def dot(self, x, y, colour):
        self.lines.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="{colour}"/>')

    def save(self, path, width, height):
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
                       f'viewBox="0 0 {width} {height}" font-family="DejaVu Sans, Helvetica, Arial, sans-serif">\n'
                       f'<rect width="{width}" height="{height}" fill="#ffffff"/>\n' + "\n".join(self.lines) + "\n</svg>\n")


def write_svg(bench, path):
    rows = [row for row in bench.rows if row.ratio is not None]
    if not rows:
        return
    values = [value for row in rows for value in (row.ratio, row.low, row.high, row.aim or 1, 1)]
    low, high = math.log10(min(values) / 1.3), math.log10(max(values) * 1.3)

    def place(value):
        return LEFT + (math.log10(value) - low) / (high - low) * PLOT

    picture, bottom = Picture(), TOP + ROW * len(rows)
    picture.text(16, 28, "What otelop costs, beside what one would take instead", 18, weight="bold")
    picture.text(16, 50, conditions(bench), 12, GREY)
    draw_axis(picture, place, low, high, bottom)
    for index, row in enumerate(rows):
        draw_row(picture, place, row, TOP + ROW * index)
    draw_legend(picture, bottom + 52)
    picture.save(path, LEFT + PLOT + RIGHT, bottom + 76)


def draw_axis(picture, place, low, high, bottom):
    last = -math.inf
    for tick in TICKS:
        if not low <= math.log10(tick) <= high:
            continue
        x = place(tick)
        picture.stroke(x, TOP - 6, x, bottom, INK if tick == 1 else GRID, 1.5 if tick == 1 else 1)
        # A label that would touch the one before is left out; the 1 has its place always.
        if tick == 1 or (x - last > 34 and not 0 < place(1) - x < 34):
            for y in (TOP - 12, bottom + 18):
                picture.text(x, y, f"{tick:g}", 12, INK if tick == 1 else GREY, "middle")
            last = x
    picture.text(LEFT + PLOT + 24, TOP - 12, "ratio (half of the pairs)", 12, GREY)


def draw_row(picture, place, row, y):
    middle = y + ROW / 2
    picture.stroke(16, y + ROW, LEFT + PLOT + RIGHT - 16, y + ROW, "#eeeeee")
    picture.text(16, y + 15, row.operation, 13)
    picture.text(16, y + 29, f"against {row.against}", 11, GREY)
    picture.stroke(place(row.low), middle, place(row.high), middle, BLUE, 3)
    picture.dot(place(row.ratio), middle, BLUE)
    if row.aim is not None:
        x = place(row.aim)
        picture.stroke(x, y + 5, x, y + ROW - 5, ORANGE, 3)
    picture.text(LEFT + PLOT + 24, middle + 4, number(row.ratio), 13, ORANGE if row.met is False else INK, weight="bold")
    picture.text(LEFT + PLOT + 74, middle + 4, f"({spread(row)})", 12, GREY)


def draw_legend(picture, y):
    picture.dot(21, y - 4, BLUE)
    picture.text(34, y, "ratio of the medians; less than 1 is faster", 12)
    picture.stroke(330, y - 4, 354, y - 4, BLUE, 3)
    picture.text(362, y, "half of the pairs", 12)
    picture.stroke(500, y - 13, 500, y + 5, ORANGE, 3)
    picture.text(510, y, "aim, at most; a ratio in this colour misses it", 12)
