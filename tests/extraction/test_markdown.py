"""Elements to Markdown, tables laid out, chrome known by its names, and content found."""

import pytest
from lxml import html

from extraction import chrome, content, markup
from extraction.grid import rows_of
from extraction.markdown import CODE, HEADING, LIST, PARAGRAPH, TABLE, blocks, joined

PROSE = "The ferry crosses the strait four times a day, and twice on Sundays in winter."


def written(inside: str) -> str:
    return joined(blocks(html.fromstring(f"<div>{inside}</div>")))


@pytest.mark.parametrize(
    ("inside", "text"),
    [
        ("<p>a\n   b&nbsp;c\u200b\u00ad</p>d", "a b c\n\nd"),
        ("<p>a<br>b<br><br>c</p>", "a\nb\n\nc"),
        ("<p>H<sub>2</sub>O, 10<sup>-3</sup>, x<sup>th</sup></p>", "H2O, 10⁻³, xth"),
        ("<b>bold</b>, <i> it </i>, <b><i>both</i></b>, un<b>be</b>lievable", "**bold**, *it* , **both**, unbelievable"),
        ("<code>a`b</code> <kbd>C</kbd> <b><code>x</code></b>", "`` a`b `` `C` `x`"),
        ("<a href='http://x/(a)'>[b]</a> <a href='http://x/(a)'>c</a> <a>d</a>", r"[\[b\]](http://x/%28a%29) c d"),
        ("<a href='http://x/'><div>in a block</div></a>", "in a block"),
        ("<h2>A<br>B <a href='http://x/'>C</a></h2>", "## A B C"),
        ("<pre>\n\n  a  \n\n\tb\n</pre>", "```\n  a\n\n        b\n```"),
        ("<pre>```</pre>", "````\n```\n````"),
        ("<p>## no heading</p>", r"\## no heading"),
        ("<dl><dt>t<dd>d</dl>", "**t**\n\nd"),
        ("<q>said</q> <img alt='no'> <img class='math' alt='x^2'>", "“said” x^2"),
        ("<ul><li>a<li><p>b</p><p>c</p><li></ul>", "- a\n- b\n  c"),
        ("<ol start=3><li>a<li>b</ol>", "3. a\n4. b"),
        ("<script>no</script><template>no</template><select><option>no</select>yes", "yes"),
    ],
)  # fmt: skip
def test_elements_are_written(inside, text):
    assert written(inside) == text


def test_blocks_know_their_kind_and_how_much_of_them_are_links():
    found = blocks(
        html.fromstring(
            "<div><h3>H</h3><p>half <a href='http://x/'>half</a></p><ul><li><a href='http://y/'>all"
            "</a></ul><pre>c</pre><table><tr><th>a<th>b<tr><td>c<td>d</table></div>"
        )
    )
    assert [block.kind for block in found] == [HEADING, PARAGRAPH, LIST, CODE, TABLE]
    assert found[0].level == 3
    assert 0.3 < found[1].linked < 0.6
    assert found[2].linked > 0.6
    assert found[4].source.tag == "table"


def grid(rows: str) -> tuple[list[str], list[list[str]]]:
    table = html.fromstring(f"<table>{rows}</table>")
    return rows_of(table).grid(lambda cell: cell.text_content().strip())


def test_spans_are_laid_out():
    head, body = grid(
        "<tr><th rowspan=2>A<th colspan=2>B<tr><th>x<th>y<tr><td rowspan=0>1<td>2<td>3<tr><td>4<td>5"
    )
    assert head == ["A", "B x", "B y"]
    assert body == [["1", "2", "3"], ["1", "4", "5"]]


def test_columns_without_a_word_are_gone_and_spans_without_end_are_cut():
    head, body = grid("<tr><td>a<td> <td>b<tr><td>c<td><td>d")
    assert (head, body) == (["", ""], [["a", "b"], ["c", "d"]])
    cells = sum(map(len, grid("<tr><td rowspan=65534 colspan=99999>x" * 2000)[1]))
    assert cells < 300_000


@pytest.mark.parametrize(
    ("table", "layout"),
    [
        ("<tr><td>a<td>b", False),
        ("<tr><td>a<tr><td>b", True),
        ("<tr><td><h2>a</h2><td>b", True),
        ("<tr><td><table><tr><td>a</table><td>b", True),
        ("<tr><td><pre>a\nb</pre><td>b", True),
        ("<tr><th>x<th>y<tr><td><pre>a\nb</pre><td>b", False),
    ],
)
def test_tables_that_arrange_a_page_are_told_apart(table, layout):
    assert rows_of(html.fromstring(f"<table>{table}</table>")).is_layout is layout


def found(body: str) -> content.Content:
    tree = markup.parse(f"<html><body>{body}</body></html>")
    markup.absolute_links(tree, "http://x.test/a", "http://x.test/a")
    return content.content_of(tree)


@pytest.mark.parametrize(
    "name",
    [
        "sidebar",
        "breadcrumbs",
        "share-buttons",
        "cookie-banner",
        "navbox",
        "related-posts",
        "ad-slot",
    ],
)
def test_chrome_is_known_by_its_name(name):
    text = joined(found(f"<main><p>{PROSE}</p><div class='x {name}'>chrome</div></main>").blocks)
    assert "chrome" not in text
    assert "chrome" in joined(
        found(f"<main><p>{PROSE}</p><div class='x'>chrome</div></main>").blocks
    )


def test_a_section_is_not_chrome_for_the_id_that_its_heading_gave_it():
    text = joined(
        found(
            f"<main><section id='recommended'><h2>Recommended</h2><p>{PROSE}</p></section></main>"
        ).blocks
    )
    assert "## Recommended" in text


def test_what_holds_most_of_the_page_is_no_chrome_whatever_its_name():
    tree = markup.parse(f"<div class='sidebar'><p>{PROSE}</p></div><p>short</p>")
    chrome.drop(tree)
    assert PROSE in tree.text_content()


def test_the_rules_by_which_content_is_found():
    menu = "".join(f"<a href='/m/{n}'>Item {n}</a> " for n in range(20))
    text = f"<p>{PROSE} {PROSE}</p><h2>Winter</h2><p>{PROSE} {PROSE}</p>"
    assert found(f"<div>{menu}</div><main>{text}</main>").rule == content.MARKED
    chosen = found(f"<div>{menu}</div><div>{text}</div><div>© 2020 nobody</div>")
    assert chosen.rule == content.CHOSEN
    assert [block.kind for block in chosen.blocks] == [PARAGRAPH, HEADING, PARAGRAPH]
    code = "".join(
        f"<pre>line {n} of what a program prints, to be read as it is</pre>" for n in range(60)
    )
    whole = found(f"<div>{menu}</div><p>{PROSE}</p>{code}")
    assert sum(block.kind == CODE for block in whole.blocks) == 60
    assert found(f"<div>{menu}</div>").is_navigation
    assert not found("<div></div>").is_navigation


def test_a_heading_whose_text_was_left_out_goes_too():
    menu = "".join(f"<li><a href='/m/{n}'>Item number {n}</a>" for n in range(20))
    text = joined(
        found(f"<h3>Menu</h3><p>{menu}</p><div><h1>Ferries</h1><p>{PROSE} {PROSE}</p></div>").blocks
    )
    assert text.startswith("# Ferries")
