"""Times, dates, weekdays and months of a draft that nobody told and the calendar does not tell."""

from collections.abc import Iterable

from agent import derived
from agent.affirmed import agreed_day, of_people, open_time
from agent.case import Case
from agent.known import union
from agent.naming import DAY_NAMES, MONTH_NAMES


def times(case: Case) -> Iterable[str]:
    for time in case.told.times:
        if time.both & case.entries.clock or time.both & case.studio.clock:
            continue
        if derived.time_fits(time, case.told, case.entries.parts):
            continue
        if time.both & case.clock.clock and of_people(case.draft, time.both):
            continue
        if time.both & case.customer.clock and open_time(case.draft, time.both):
            continue
        yield f"{time.minutes // 60:02d}:{time.minutes % 60:02d}"


def dates(case: Case) -> Iterable[str]:
    today = case.sources.today
    for date in case.told.dates:
        if any(date.fits(other) for each in case.everybody for other in each.dates):
            continue
        if today and derived.date_fits(date, case.told.weekdays, case.told.text, today):
            continue
        yield case.told.text[date.start : date.end].strip()
    if case.told.months:
        yield from _months(case)
    if case.told.weekdays:
        yield from _weekdays(case)
    if today:
        yield from derived.calendar_problems(case.told, today)


def _weekdays(case: Case) -> Iterable[str]:
    today = case.sources.today
    near = {(today.weekday() + ahead) % 7 for ahead in (0, 1)} if today else set()
    meant = union(each.days for each in case.everybody)
    yield from (DAY_NAMES[day] for day in sorted(case.told.weekdays - meant - near))
    guessed = (
        case.told.weekdays & case.customer.days - union(each.days for each in case.ours) - near
    )
    yield from (DAY_NAMES[day] for day in sorted(guessed) if agreed_day(case.draft, day))


def _months(case: Case) -> Iterable[str]:
    """“bulan Januari” where no date is in January."""
    today = case.sources.today
    near = {today.month, today.month % 12 + 1} if today else set()
    own = {date.month for date in case.told.dates}
    held = union(each.months for each in case.everybody) | near | own
    yield from (MONTH_NAMES[month - 1] for month in sorted(case.told.months - held))
