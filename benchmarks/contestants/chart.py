"""``chart.py RESULTS.json CHART.png``: the ratios of `make bench` as bars. It stands here since matplotlib is installed beside the contestants."""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("agg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

COLOURS = {"csv": "#8fb8de", "xlsx": "#7fbf9b", "csv xlsx": "#4c7d63"}
OURS = "price"


def bars(axes: Axes, title: str, lines: list[dict[str, Any]]) -> None:
    """One query: the fastest on top; what wrote wrong values is hatched."""
    shown = sorted((line for line in lines if line["runs"]), key=lambda line: -line["wall_ratio"])
    for place, line in enumerate(shown):
        right, about = line["right"], "≈ " if line["rows"] else ""
        colour = COLOURS[" ".join(line["formats"])]
        axes.barh(place, line["wall_ratio"], color=colour if right else "white", edgecolor=colour, hatch=None if right else "////")
        ratio = line["wall_ratio"]
        text = f" {about}{ratio:,.0f} ×" if ratio >= 20 else f" {about}{ratio:.1f} ×"  # noqa: PLR2004 - as the table
        axes.text(max(ratio, 1), place, text + ("" if right else "  wrong"), va="center", fontsize=9)
    axes.set_yticks(range(len(shown)), [line["title"] for line in shown])
    for label, line in zip(axes.get_yticklabels(), shown, strict=True):
        label.set_fontweight("bold" if line["title"].startswith(OURS) else "normal")
    axes.set_xscale("log")
    axes.axvline(1, color="#444", linewidth=0.8)
    axes.set_title(title, loc="left", fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)


def main() -> None:
    """Draw it."""
    results = json.loads(Path(sys.argv[1]).read_text())
    tables: dict[str, list[dict[str, Any]]] = results["tables"]
    heights = [len(lines) + 1.5 for lines in tables.values()]
    figure, axes = plt.subplots(
        len(tables), 1, figsize=(9.5, 0.33 * sum(heights)), sharex=True, squeeze=False, height_ratios=heights, layout="constrained"
    )
    for (title, lines), each in zip(tables.items(), axes[:, 0], strict=True):
        bars(each, title, lines)
    axes[-1, 0].set_xlim(0.5, 5 * max(line["wall_ratio"] for lines in tables.values() for line in lines))
    axes[-1, 0].xaxis.set_major_formatter("{x:,.10g} ×")
    axes[-1, 0].set_xlabel("wall time, × psql \\copy; less is better, and the scale is logarithmic")
    figure.savefig(sys.argv[2], dpi=110)


if __name__ == "__main__":
    main()
