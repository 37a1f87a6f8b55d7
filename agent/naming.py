"""How staff and the model read what a check has found."""

from agent.pieces import Fact

DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
UNIT_NAMES = {"span": "minutes", "months": "months", "count": "classes or times", "m": "metres"}


def named(fact: Fact, currency: str) -> str:
    value = fact.values[0]
    match fact.kind, value:
        case "day", float():
            return DAY_NAMES[int(value)]
        case "time", float():
            return f"{int(value) // 60:02d}:{int(value) % 60:02d}"
        case "money", float():
            return f"{currency}:{value:.10g}"
        case "days", (first, last):
            return f"{DAY_NAMES[first]} to {DAY_NAMES[last]}"
        case "date", (month, day):
            return f"{day}/{month}"
        case "span", str():
            return f"{value[4:]} minutes" if value.startswith("span") else f"{value[6:]} months"
        case _, float():
            return f"{value:g} {UNIT_NAMES.get(fact.kind, fact.kind)}"
    return str(value)
