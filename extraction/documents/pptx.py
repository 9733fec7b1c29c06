"""A presentation (PPTX) → a draft: a section for each slide, its words, tables, charts and notes.

python-pptx reads it. Shapes are read from top to bottom as they stand on the slide. It knows
nothing about Markdown (`building`).
"""

import functools
import importlib.metadata
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from .building import Builder, add, say
from .draft import Draft, Unfit, day_of, line
from .zipped import opened, parsed

MAX_DEPTH = 20
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"


@functools.cache
def reader() -> str:
    """Return the name under which pages remember what read them."""
    return f"python-pptx-{importlib.metadata.version('python-pptx')}/1"


def read(body: bytes, url: str, content_type: str = "") -> Draft:
    """Return the draft of a presentation; slide 3 is the section `Slide 3: its title`.

    Raises Unfit: `damaged`, `bomb`, `locked`.
    """
    opened(body).close()
    import pptx

    builder = Builder()
    first = ""
    try:
        show = pptx.Presentation(BytesIO(body))
        said = show.core_properties
        about = (said.title, said.author, said.language, str(said.modified or said.created or ""))
        for number, slide in enumerate(show.slides, 1):
            title = _title(slide)
            first = first or title
            builder.heading(2, f"Slide {number}: {title}" if title else f"Slide {number}")
            _slide(slide, builder)
    except (Unfit, MemoryError):
        raise
    except Exception as error:  # the library raises what its XML happens to break
        detail = f"PowerPoint's package cannot be read ({type(error).__name__})"
        raise Unfit("damaged", detail) from None
    text, links = builder.written()
    title, author, lang, day = about
    return Draft(
        text=text,
        by=reader(),
        title=title if title and title != "PowerPoint Presentation" else first,
        lang=lang or "",
        author=author or "",
        published=day_of(day),
        outlinks=links,
    )


def _title(slide: Any) -> str:
    shape = slide.shapes.title
    return line(shape.text_frame.text.replace("\v", " ")) if shape is not None else ""


def _slide(slide: Any, builder: Builder) -> None:
    title = slide.shapes.title
    for shape in _shapes(slide.shapes, 0):
        if title is not None and shape.shape_id == title.shape_id:
            continue
        if getattr(shape, "has_table", False) and shape.has_table:
            rows = [[line(cell.text) for cell in row.cells] for row in shape.table.rows]
            builder.table(rows)
        elif getattr(shape, "has_chart", False) and shape.has_chart:
            _chart(shape.chart, builder)
        elif shape.has_text_frame:
            _frame(shape, builder)
    for words in _diagrams(slide):
        say(builder.item(0, False), words)
    if slide.has_notes_slide:
        frame = slide.notes_slide.notes_text_frame
        if frame is not None and (words := line(frame.text)):
            element = builder.block()
            add(element, "strong").text = "Notes:"
            say(element, f" {words}")


def _shapes(shapes: Any, depth: int) -> Iterator[Any]:
    """The shapes of a slide from top to bottom, those in groups in their group's place."""
    if depth > MAX_DEPTH:
        return
    for shape in sorted(shapes, key=lambda one: (one.top or 0, one.left or 0)):
        if hasattr(shape, "shapes"):
            yield from _shapes(shape.shapes, depth + 1)
        else:
            yield shape


def _frame(shape: Any, builder: Builder) -> None:
    paragraphs = [one for one in shape.text_frame.paragraphs if line(one.text)]
    # A slide's own text is a list of points, whatever its bullets look like.
    is_list = shape.is_placeholder and len(paragraphs) > 1
    for paragraph in paragraphs:
        if is_list or paragraph.level:
            element = builder.item(paragraph.level, False)
        else:
            element = builder.block()
        for run in paragraph.runs:
            target = run.hyperlink.address
            if target:
                element_of_link = add(element, "a")
                element_of_link.set("href", target)
                say(element_of_link, run.text)
            else:
                say(element, run.text.replace("\v", " "))


def _chart(chart: Any, builder: Builder) -> None:
    """A chart is the table it was drawn from."""
    if chart.has_title and chart.chart_title.has_text_frame:
        say(builder.block(), line(chart.chart_title.text_frame.text))
    for plot in chart.plots:
        names = [str(one) for one in plot.categories]
        series = list(plot.series)
        values = [list(one.values) for one in series]
        rows = [["", *(line(one.name) for one in series)]]
        for k, name in enumerate(names[:2000]):
            rows.append([name, *(_number(column, k) for column in values)])
        if len(rows) > 1:
            builder.table(rows)


def _number(column: list[Any], k: int) -> str:
    value = column[k] if k < len(column) else None
    return "" if value is None else format(value, ".12g")


def _diagrams(slide: Any) -> Iterator[str]:
    """The words of drawn diagrams (SmartArt), which stand in a part of their own."""
    for relation in slide.part.rels.values():
        if relation.reltype.endswith("/diagramData") and not relation.is_external:
            for paragraph in parsed(relation.target_part.blob, "diagram").iter(_A + "p"):
                if words := line("".join(one.text or "" for one in paragraph.iter(_A + "t"))):
                    yield words
