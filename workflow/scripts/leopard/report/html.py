"""Small self-contained HTML pages: a title, notes and tidy tables."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape

import pandas as pd

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --line: #d4d4d4; --soft: #666; --mark: #dcebf8; }}
@media (prefers-color-scheme: dark) {{ :root {{ --line: #444; --soft: #aaa; --mark: #21384d; }} }}
body {{ font: 13px/1.5 system-ui, sans-serif; margin: 1.5rem; }}
h1 {{ font-size: 1.25rem; margin: 0 0 .5rem; }}
p {{ max-width: 48rem; color: var(--soft); }}
table {{ border-collapse: collapse; margin: 1rem 0 2rem; font-variant-numeric: tabular-nums; }}
th, td {{ padding: .3rem .5rem; text-align: left; }}
td.number {{ white-space: nowrap; }}
td.text {{ min-width: 4rem; }}
th {{ border-bottom: 2px solid var(--line); vertical-align: bottom; }}
td {{ border-bottom: 1px solid var(--line); }}
.number {{ text-align: right; }}
.marked td {{ background: var(--mark); }}
.published td {{ color: var(--soft); font-style: italic; }}
pre {{ font-size: 12px; line-height: 1.4; }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""

Columns = Mapping[str, tuple[str, str | None]]
INTEGER, SHORT, LONG, PERCENT = "{:,.0f}", "{:,.3f}", "{:.4f}", "{:.3%}"


def render_page(title: str, *parts: str) -> str:
    """A page from pieces of HTML."""
    return PAGE.format(title=escape(title), body="\n".join(parts))


def render_note(text: str) -> str:
    """A paragraph beside a table."""
    return f"<p>{escape(text)}</p>"


def render_table(table: pd.DataFrame, columns: Columns, row_classes: Sequence[str] = ()) -> str:
    """Some columns of a table as HTML.

    Args:
        table: A row for each row.
        columns: Heading and format by column; a column with a format is numeric and set flush
            right, and text in it stays as it is.
        row_classes: CSS class of each row.
    """

    def cells(tag: str, texts: Iterable[str]) -> str:
        return "".join(
            f'<{tag} class="{"number" if form else "text"}">{escape(text)}</{tag}>'
            for text, (_, form) in zip(texts, columns.values(), strict=True)
        )

    head = cells("th", (heading for heading, _ in columns.values()))
    rows = [
        f'<tr class="{row_class}">'
        + cells("td", (_text(row[name], form) for name, (_, form) in columns.items()))
        + "</tr>"
        for row, row_class in zip(
            table.to_dict("records"), row_classes or [""] * len(table), strict=True
        )
    ]
    body = "\n".join(rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table>"


def _text(value: object, form: str | None) -> str:
    if not isinstance(value, str) and pd.isna(value):
        return "\N{EN DASH}"
    return form.format(value) if form and not isinstance(value, str) else str(value)
