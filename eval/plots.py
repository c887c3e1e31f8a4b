"""Plots as inline SVG: numbers in, one ``<svg>`` out, with no dependency.

Text and axes take the colour of the text around them (``currentColor``), data the class
``series`` that a style sheet may colour. Every plot carries a title and a description for those
who hear it. Sizes are in the units of its view box, which scale with the page.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from eval.markup import Markup, tag

__all__ = [
    "Axis",
    "Point",
    "axis_over",
    "change_mark",
    "histogram",
    "interval_mark",
    "plot",
    "share_mark",
    "ticks",
]

_WIDTH, _HEIGHT = 400.0, 260.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 60.0, 14.0, 14.0, 44.0
_FONT = 13.0
_LABEL_WIDTH, _LABEL_HEIGHT = 16.0, 12.0  # closer ones would lie over each other
_MARK_WIDTH, _MARK_HEIGHT = 120.0, 14.0


@dataclass(frozen=True, slots=True)
class Axis:
    """One axis: its label and its range."""

    label: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a plot. ``size`` is its radius, ``told`` what a pointer that rests on it says."""

    x: float
    y: float
    label: str = ""
    told: str = ""
    size: float = 4.0
    strong: bool = False


def ticks(low: float, high: float, *, about: int = 5) -> list[float]:
    """Round numbers within a range, about so many.

    >>> ticks(0, 1), ticks(0, 730, about=4)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [0.0, 200.0, 400.0, 600.0])
    """
    if not high > low:
        return [low]
    rough = (high - low) / about
    unit = 10.0 ** math.floor(math.log10(rough))
    step = unit * min((1, 2, 5, 10), key=lambda m: abs(m * unit - rough))
    first = math.ceil(low / step - 1e-9)
    count = math.floor(high / step + 1e-9) - first + 1
    # Divided by a whole number where the step is below 1: 3 * 0.1 is not 0.3, 3 / 10 is.
    inverse = round(1 / step)
    if step < 1 and math.isclose(inverse * step, 1):
        return [(first + i) / inverse for i in range(count)]
    return [(first + i) * step for i in range(count)]


def axis_over(label: str, values: Sequence[float], *, from_zero: bool = False) -> Axis:
    """An axis that covers the values with some room; one value gets room on both sides."""
    low, high = min(values), max(values)
    room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
    return Axis(label, 0.0 if from_zero else low - room, high + room)


def plot(
    x: Axis,
    y: Axis,
    *,
    title: str,
    told: str,
    line: Sequence[tuple[float, float]] = (),
    points: Sequence[Point] = (),
    steps: bool = False,
    diagonal: bool = False,
) -> Markup:
    """A line, points, or both, over two axes.

    ``steps`` draws the line as stairs (each y holds until the next x); ``diagonal`` adds y = x.
    """
    frame = _Frame(x, y)
    drawn = [*frame.axes()]
    if diagonal:
        low, high = max(x.low, y.low), min(x.high, y.high)
        drawn.append(
            tag(
                "line",
                x1=frame.x(low),
                y1=frame.y(low),
                x2=frame.x(high),
                y2=frame.y(high),
                class_="guide",
                stroke="currentColor",
                stroke_dasharray="4 4",
                opacity=0.45,
            )
        )
    if line:
        path = [f"M{_n(frame.x(line[0][0]))} {_n(frame.y(line[0][1]))}"]
        for a, b in line[1:]:
            if steps:
                path.append(f"H{_n(frame.x(a))}V{_n(frame.y(b))}")
            else:
                path.append(f"L{_n(frame.x(a))} {_n(frame.y(b))}")
        drawn.append(
            tag(
                "path",
                d="".join(path),
                class_="series line",
                fill="none",
                stroke="currentColor",
                stroke_width=2.0,
                stroke_linejoin="round",
            )
        )
    drawn += [frame.point(point) for point in _labelled(points, frame)]
    return _svg(drawn, title=title, told=told)


def _labelled(points: Sequence[Point], frame: "_Frame") -> list[Point]:
    """The points; of those that would write their labels over each other the first says all."""
    shown: list[Point] = []
    for point in points:
        for n, other in enumerate(shown):
            across = abs(frame.x(point.x) - frame.x(other.x))
            along = abs(frame.y(point.y) - frame.y(other.y))
            if other.label and across < _LABEL_WIDTH and along < _LABEL_HEIGHT:
                shown[n] = replace(other, label=f"{other.label}, {point.label}")
                shown.append(replace(point, label=""))
                break
        else:
            shown.append(point)
    return shown


def histogram(
    values: Sequence[float],
    *,
    title: str,
    told: str,
    label: str,
    marks: Sequence[tuple[float, str]] = (),
    bins: int = 24,
) -> Markup:
    """How often values occur, in equal bins from 0, with marked places such as p50.

    What lies beyond the last bin's end (twice the last mark) is counted in the last bin.
    """
    top = max(values)
    if marks:
        top = min(top, 2 * max(at for at, _ in marks))
    step = (top or 1.0) / bins
    counts = [0] * bins
    for value in values:
        counts[min(bins - 1, int(value / step))] += 1
    frame = _Frame(Axis(label, 0.0, step * bins), Axis("cases", 0.0, max(counts) * 1.25))
    drawn = [*frame.axes()]
    beyond = sum(value > step * bins for value in values)
    for i, count in enumerate(counts):
        left, right = frame.x(i * step), frame.x((i + 1) * step)
        end = f"{(i + 1) * step:.3g}" if i < bins - 1 or not beyond else "more"
        drawn.append(
            tag(
                "rect",
                tag("title", f"{i * step:.3g} to {end}: {count} cases"),
                x=left + 0.5,
                y=frame.y(count),
                width=max(right - left - 1, 0.5),
                height=frame.y(0) - frame.y(count),
                class_="series",
                fill="currentColor",
            )
        )
    for n, (at, name) in enumerate(marks):
        where = frame.x(min(at, step * bins))
        # The first stands to the left of its line, the others to the right, within the edges.
        leftmost, rightmost = where < _LEFT + 90, where > _WIDTH - 90
        side = "end" if (n == 0 and not leftmost) or rightmost else "start"
        drawn.append(
            tag(
                "line",
                x1=where,
                x2=where,
                y1=_TOP,
                y2=frame.y(0),
                stroke="currentColor",
                stroke_dasharray="3 3",
                opacity=0.7,
            )
        )
        drawn.append(
            _label(name, where + (-4 if side == "end" else 4), _TOP + 10 + 15 * n, anchor=side)
        )
    return _svg(drawn, title=title, told=told)


def share_mark(share: float, *, told: str) -> Markup:
    """A bar from 0 to a share of the whole, small enough for a table's cell."""

    def bar(width: float, *, class_: str | None, opacity: float | None) -> Markup:
        return tag(
            "rect",
            x=0.0,
            y=3.0,
            width=width,
            height=_MARK_HEIGHT - 6,
            rx=2.0,
            fill="currentColor",
            class_=class_,
            opacity=opacity,
        )

    return _small(
        bar(_MARK_WIDTH, class_=None, opacity=0.12),
        bar(max(share * _MARK_WIDTH, 1.0), class_="series", opacity=None),
        told=told,
    )


def interval_mark(mean: float, low: float | None, high: float | None) -> Markup:
    """A mean between 0 and 1 with its interval, small enough for a table's cell."""
    told = f"{mean:.3f}" if low is None or high is None else f"{mean:.3f}, {low:.3f} to {high:.3f}"
    return _mark(mean, low, high, bounds=(0.0, 1.0), told=told, class_="series")


def change_mark(
    mean: float, low: float, high: float, *, limit: float, tone: str = "series"
) -> Markup:
    """A change with its interval, around 0; ``limit`` is where the cell ends on both sides."""
    return _mark(
        mean,
        low,
        high,
        bounds=(-limit, limit),
        told=f"{mean:+.3f}, {low:+.3f} to {high:+.3f}",
        class_=tone,
    )


def _mark(
    mean: float,
    low: float | None,
    high: float | None,
    *,
    bounds: tuple[float, float],
    told: str,
    class_: str,
) -> Markup:
    width, height = _MARK_WIDTH, _MARK_HEIGHT
    middle = height / 2

    def at(value: float) -> float:
        span = (bounds[1] - bounds[0]) or 1.0
        share = (min(max(value, bounds[0]), bounds[1]) - bounds[0]) / span
        return 4 + share * (width - 8)

    drawn = [
        tag(
            "line",
            x1=4.0,
            x2=width - 4,
            y1=middle,
            y2=middle,
            stroke="currentColor",
            opacity=0.2,
        )
    ]
    if bounds[0] < 0:
        drawn.append(
            tag(
                "line",
                x1=at(0),
                x2=at(0),
                y1=1.0,
                y2=height - 1,
                stroke="currentColor",
                opacity=0.5,
            )
        )
    if low is not None and high is not None:
        drawn.append(
            tag(
                "line",
                x1=at(low),
                x2=at(high),
                y1=middle,
                y2=middle,
                class_=f"{class_} line",
                stroke="currentColor",
                stroke_width=3.0,
                stroke_linecap="round",
                opacity=0.55,
            )
        )
    drawn.append(tag("circle", cx=at(mean), cy=middle, r=3.6, class_=class_, fill="currentColor"))
    return _small(*drawn, told=told)


def _small(*drawn: Markup, told: str) -> Markup:
    """A drawing of the size of a word, in a table's cell."""
    return tag(
        "svg",
        tag("title", told),
        *drawn,
        viewBox=f"0 0 {_n(_MARK_WIDTH)} {_n(_MARK_HEIGHT)}",
        width=_MARK_WIDTH,
        height=_MARK_HEIGHT,
        class_="mark",
        role="img",
        aria_label=told,
    )


class _Frame:
    """The plane of a plot: data to places, and the axes around it."""

    def __init__(self, x: Axis, y: Axis) -> None:
        self._x, self._y = x, y

    def x(self, value: float) -> float:
        return _LEFT + _share(value, self._x) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return _HEIGHT - _BOTTOM - _share(value, self._y) * (_HEIGHT - _TOP - _BOTTOM)

    def axes(self) -> list[Markup]:
        drawn: list[Markup] = []
        floor, wall = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
        for value in ticks(self._y.low, self._y.high):
            y = self.y(value)
            drawn.append(
                tag("line", x1=_LEFT, x2=wall, y1=y, y2=y, stroke="currentColor", opacity=0.13)
            )
            drawn.append(_label(f"{value:g}", _LEFT - 6, y + 4, anchor="end"))
        for value in ticks(self._x.low, self._x.high):
            x = self.x(value)
            drawn.append(
                tag("line", x1=x, x2=x, y1=floor, y2=floor + 4, stroke="currentColor", opacity=0.5)
            )
            drawn.append(_label(f"{value:g}", x, floor + 17, anchor="middle"))
        drawn.append(
            tag("line", x1=_LEFT, x2=wall, y1=floor, y2=floor, stroke="currentColor", opacity=0.5)
        )
        drawn.append(_label(self._x.label, (_LEFT + wall) / 2, _HEIGHT - 8, anchor="middle"))
        middle = (_TOP + floor) / 2
        drawn.append(
            tag(
                "text",
                self._y.label,
                x=11.0,
                y=middle,
                transform=f"rotate(-90 11 {_n(middle)})",
                text_anchor="middle",
                font_size=_FONT,
                fill="currentColor",
            )
        )
        return drawn

    def point(self, point: Point) -> Markup:
        x, y = self.x(point.x), self.y(point.y)
        circle = tag(
            "circle",
            *([tag("title", point.told)] if point.told else []),
            cx=x,
            cy=y,
            r=point.size,
            class_="series" if point.strong else "series faint",
            fill="currentColor",
        )
        if not point.label:
            return circle
        side = "end" if x > _WIDTH - 60 else "start"
        near = -point.size - 3 if side == "end" else point.size + 3
        return Markup(circle + _label(point.label, x + near, y - 4, anchor=side))


def _svg(drawn: Sequence[Markup], *, title: str, told: str, height: float = _HEIGHT) -> Markup:
    return tag(
        "svg",
        tag("title", title),
        tag("desc", told),
        *drawn,
        viewBox=f"0 0 {_n(_WIDTH)} {_n(height)}",
        class_="plot",
        role="img",
        aria_label=f"{title}. {told}",
    )


def _label(text: str, x: float, y: float, *, anchor: str = "start") -> Markup:
    return tag("text", text, x=x, y=y, text_anchor=anchor, font_size=_FONT, fill="currentColor")


def _share(value: float, axis: Axis) -> float:
    return (value - axis.low) / ((axis.high - axis.low) or 1.0)


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
