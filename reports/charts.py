"""The charts of the page: what each shows, in which words, and as which numbers. A table and a csv hold the same."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.formats import date_format, get_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from reports import entries
from reports.figures import Report, percent
from reports.money import amount, currency_of, money
from tenants.numbers import duration

Values = Sequence[float | int | None]


@dataclass(frozen=True)
class Series:
    name: str
    values: Values
    role: str  # its colour: customer, assistant, staff, good, bad, quiet


@dataclass(frozen=True)
class Chart:
    """One figure over days, hours, entries or topics. `what` says what is counted, and how."""

    key: str
    title: str
    what: str
    labels: Sequence[str]
    series: Sequence[Series]
    kind: str = "bar"  # bar, line, rows (lying bars), heat (a table of shades)
    column: str = ""  # what the labels are
    unit: str = ""
    stacked: bool = True
    headline: str = ""
    names: Sequence[str] = ()  # of the labels in a csv, where they differ
    links: Sequence[str] = ()  # of the labels in the table
    notes: Sequence[str] = ()
    more: Sequence[dict[str, str]] = ()  # rows under the table: title and address

    @property
    def drawn(self) -> dict[str, Any]:
        """What the script needs; no text of a customer is in it."""
        return {
            "kind": self.kind,
            "labels": list(self.labels),
            "unit": self.unit,
            "stacked": self.stacked,
            "series": [
                {"name": one.name, "values": list(one.values), "role": one.role}
                for one in self.series
            ],
        }

    @property
    def rows(self) -> list[dict[str, Any]]:
        links = self.links or [""] * len(self.labels)
        point = str(get_format("DECIMAL_SEPARATOR"))
        columns = [[_cell(value, point) for value in one.values] for one in self.series]
        return [
            {"name": name, "link": link, "cells": cells}
            for name, link, *cells in zip(self.labels, links, *columns, strict=True)
        ]

    @property
    def shades(self) -> list[dict[str, Any]]:
        """The rows of a heat table with how dark each cell is, 0 to 5."""
        top = max((value or 0 for one in self.series for value in one.values), default=0)
        return [
            {
                "name": one.name,
                "cells": [
                    (str(n or ""), str(min(5, int(-(-5 * n // top))) if top and n else 0))
                    for n in one.values
                ],
            }
            for one in self.series
        ]

    @property
    def empty(self) -> bool:
        return not any(value for one in self.series for value in one.values)


def _cell(value: float | int | None, point: str) -> str:
    """A number as text: thousands of cells are slow when the template words each."""
    return "—" if value is None else str(value).replace(".", point)


def _days(report: Report) -> dict[str, Any]:
    """What all charts over days have in common."""
    return {
        "labels": [date_format(day, "j M") for day in report.dates],
        "names": [day.isoformat() for day in report.dates],
        "column": _("Day"),
    }


def volume(report: Report) -> Chart:
    who = (("customer", _("Customers")), ("assistant", _("Assistant")), ("staff", _("Staff")))
    series = [Series(name, [c.messages(key) for c in report.by_day], key) for key, name in who]
    what = _(
        "Messages in chats with customers on WhatsApp, by who wrote them. Notes of MILA itself and messages that never "
        "left do not count."
    )
    number = report.total.messages("customer")
    headline = ngettext("%(n)s from customers", "%(n)s from customers", number) % {"n": number}
    return Chart(
        "volume", _("Messages per day"), what, series=series, headline=headline, **_days(report)
    )


def hours(report: Report) -> Chart:
    """Customers' messages by weekday and hour."""
    sums = [[0] * 24 for _day in range(7)]
    for day, counts in zip(report.dates, report.by_day, strict=True):
        row = sums[day.weekday()]
        for hour, number in enumerate(counts.hours["customer"]):
            row[hour] += number
    monday = dt.date(2024, 1, 1)
    names = [date_format(monday + dt.timedelta(days=n), "l") for n in range(7)]
    what = _(
        "Customers' messages by weekday and hour, on the studio's clock: when somebody should be there."
    )
    return Chart(
        "hours",
        _("When customers write"),
        what,
        [f"{hour:02}" for hour in range(24)],
        [Series(name, row, "assistant") for name, row in zip(names, sums, strict=True)],
        kind="heat",
        column=_("Hour"),
    )


def _reply_chart(report: Report, who: str, per: float, **words: Any) -> Chart:
    def shares(part: float) -> list[float | None]:
        found = (counts.replies[who].share(part) for counts in report.by_day)
        return [None if each is None else round(each / per, 1) for each in found]

    times = report.total.replies[who]
    headline = _("median %(median)s, p95 %(p95)s") % {
        "median": duration(times.share(0.5)),
        "p95": duration(times.share(0.95)),
    }
    series = [
        Series(_("Median"), shares(0.5), "assistant" if who == "assistant" else "staff"),
        Series(_("p95: 19 of 20 are faster"), shares(0.95), "quiet"),
    ]
    return Chart(
        series=series, kind="line", stacked=False, headline=headline, **words, **_days(report)
    )


def reply_assistant(report: Report) -> Chart:
    what = _(
        "From the customer's last message of a burst until WhatsApp has the assistant's first reply, in seconds. The "
        "1.5 seconds in which MILA waits whether more comes are part of it. Exact to 2.5 %."
    )
    title = _("Reply time of the assistant")
    return _reply_chart(
        report, "assistant", 1, key="reply_assistant", title=title, what=what, unit="s"
    )


def reply_staff(report: Report) -> Chart:
    what = _(
        "From the customer's first unanswered message until somebody of the staff replied, in minutes, where the assistant had handed "
        "over or not answered. After 24 hours of silence a new message counts. Nights and days off count. Exact to 2.5 %."
    )
    title = _("Reply time of staff")
    return _reply_chart(report, "staff", 60, key="reply_staff", title=title, what=what, unit="min")


def resolved(report: Report) -> Chart:
    series = [
        Series(_("Resolved without staff"), [c.alone for c in report.by_day], "assistant"),
        Series(
            _("With staff, or not answered"), [c.begun - c.alone for c in report.by_day], "staff"
        ),
    ]
    what = _(
        "A conversation is what a customer writes until they are silent for 24 hours. It is resolved without staff when the "
        "assistant answered and within 24 hours of its first message neither staff wrote nor the assistant handed over."
    )
    total = report.total
    headline = _("%(share)s of %(n)s conversations") % {
        "share": percent(total.alone, total.begun),
        "n": total.begun,
    }
    notes = [
        _("%(handed)s were handed over, in %(staff)s staff wrote.")
        % {"handed": total.handed_over, "staff": total.with_staff}
    ]
    title = _("Resolved without staff")
    return Chart(
        "resolved", title, what, series=series, headline=headline, notes=notes, **_days(report)
    )


def coverage(report: Report) -> Chart:
    series = [
        Series(_("With an entry"), [c.sourced for c in report.by_day], "assistant"),
        Series(_("Without"), [c.answers - c.sourced for c in report.by_day], "quiet"),
    ]
    what = _(
        "Answers of the assistant that rest on at least one knowledge entry. Greetings and hand-overs rest on none, so "
        "all of them is not the aim."
    )
    total = report.total
    headline = _("%(share)s of %(n)s answers") % {
        "share": percent(total.sourced, total.answers),
        "n": total.answers,
    }
    title = _("Covered by the knowledge")
    return Chart("coverage", title, what, series=series, headline=headline, **_days(report))


def used(report: Report) -> Chart:
    top = entries.used(report)
    what = _("In how many answers each entry was used: the ten that were used most.")
    unused, number = entries.never_used(report)
    notes = [
        ngettext(
            "%(n)s active entry was not used in these days.",
            "%(n)s active entries were not used in these days.",
            number,
        )
        % {"n": number}
    ]
    return Chart(
        "entries",
        _("Entries used most"),
        what,
        [one.title for one in top],
        [Series(_("Answers"), [one.number for one in top], "assistant")],
        kind="rows",
        column=_("Entry"),
        links=[one.link for one in top],
        notes=notes,
        more=[{"title": one.title, "link": one.link} for one in unused],
    )


def topics(report: Report) -> Chart:
    found = entries.topics(report)
    what = _(
        "What customers ask about: the category of the entry that fitted the answer best. Questions without any entry stand "
        "under Unanswered questions."
    )
    return Chart(
        "topics",
        _("Top topics"),
        what,
        [name for name, _n in found],
        [Series(_("Answers"), [number for _name, number in found], "customer")],
        kind="rows",
        column=_("Category"),
    )


def satisfaction(report: Report) -> Chart:
    series = [
        Series("👍", [c.good for c in report.by_day], "good"),
        Series("👎", [c.bad for c in report.by_day], "bad"),
    ]
    good, bad = report.total.good, report.total.bad
    what = _(
        "👍 and 👎 that customers put under answers of the assistant, on the day of the answer. Few customers react at all: "
        "look at the 👎 rather than at the share."
    )
    headline = _("%(share)s 👍 of %(n)s reactions") % {
        "share": percent(good, good + bad),
        "n": good + bad,
    }
    title = _("Satisfaction")
    return Chart("satisfaction", title, what, series=series, headline=headline, **_days(report))


def cost(report: Report) -> Chart:
    currency = currency_of(report.tenant)
    total = report.total
    series = [
        Series(_("Customers"), [amount(c.cost, currency) for c in report.by_day], "assistant"),
        Series(_("Trying out"), [amount(c.other_cost, currency) for c in report.by_day], "quiet"),
    ]
    what = _(
        "What the models cost in %(currency)s at the installation's exchange rate, without tax. Trying out is the Playground "
        "and the exam."
    ) % {"currency": currency}
    headline = money(total.cost + total.other_cost, currency)
    each = money(total.cost // total.answers, currency) if total.answers else "—"
    notes = [
        _("%(each)s per answer to a customer.") % {"each": each},
        _(
            "Tokens: %(read)s read, %(cached)s of them from the cache at a tenth of the price, %(said)s written."
        )
        % {
            "read": _big(total.tokens_in + total.tokens_cached),
            "cached": _big(total.tokens_cached),
            "said": _big(total.tokens_out),
        },
    ]
    title = _("Cost of the assistant")
    return Chart(
        "cost",
        title,
        what,
        series=series,
        headline=headline,
        notes=notes,
        unit=currency,
        **_days(report),
    )


def _big(number: int) -> str:
    """“4,512,300” as the page's language writes it: with the point of rupiah in both."""
    return f"{number:,}".replace(",", ".")


CHARTS: dict[str, tuple[Any, Callable[[Report], Chart]]] = {
    "volume": (gettext_lazy("Messages per day"), volume),
    "hours": (gettext_lazy("When customers write"), hours),
    "reply_assistant": (gettext_lazy("Reply time of the assistant"), reply_assistant),
    "reply_staff": (gettext_lazy("Reply time of staff"), reply_staff),
    "resolved": (gettext_lazy("Resolved without staff"), resolved),
    "coverage": (gettext_lazy("Covered by the knowledge"), coverage),
    "topics": (gettext_lazy("Top topics"), topics),
    "entries": (gettext_lazy("Entries used most"), used),
    "satisfaction": (gettext_lazy("Satisfaction"), satisfaction),
    "cost": (gettext_lazy("Cost of the assistant"), cost),
}
