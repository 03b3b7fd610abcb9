"""Dates that no command takes, or not `export`, and what is said of them."""

from price_assets_tests.shop import DAY, NEXT_DAY

NOWHERE = {"DB_HOST": "nowhere.invalid"}

USAGE = "Error: Invalid value for '--date': "
DATES = [
    (("--date", "2024-02-30"), f"{USAGE}'2024-02-30' is no date of the calendar."),
    (("--date", "2024-13-01"), f"{USAGE}'2024-13-01' is no date of the calendar."),
    (("--date", "2024-1-5"), f"{USAGE}'2024-1-5' is no date: write YYYY-MM-DD, here 2024-01-05."),
    (("--date", "20241105"), f"{USAGE}'20241105' is no date: write YYYY-MM-DD, here 2024-11-05."),
    (("--date", "01.02.2024"), f"{USAGE}'01.02.2024' is no date: write YYYY-MM-DD."),  # which of the two is the month is not for us to say
    (("--date", f" {DAY}"), f"{USAGE}' {DAY}' is no date: write YYYY-MM-DD, here {DAY}."),
    (("--date", ""), f"{USAGE}'' is no date: write YYYY-MM-DD."),
    (("--date", "today"), f"{USAGE}'today' is no date: write YYYY-MM-DD."),
    (("--date", "2999-01-01"), "2999-01-01 lies in the future; the newest day is {today}, today in UTC."),
    (("--from", "2999-01-01"), "2999-01-01 lies in the future; the newest day is {today}, today in UTC."),
    (("--from", DAY, "--to", "2999-01-01"), "2999-01-01 lies in the future; the newest day is {today}, today in UTC."),
    (("--from", NEXT_DAY, "--to", DAY), f"--from {NEXT_DAY} lies after --to {DAY}."),
    (("--to", DAY), "--to wants a --from."),
    (("--date", DAY, "--from", DAY), "--date goes without --from and --to."),
    (("shop", "--date", "2026-11-01"), "shop starts on 2026-11-20; 2026-11-01 lies before it."),
    (("shop", "--from", "2026-11-01", "--to", DAY), "shop starts on 2026-11-20; 2026-11-01 lies before it."),
    (("--date", "2026-11-01"), "No list has begun by 2026-11-01: the first starts on 2026-11-20."),
    (("shop ", "--date", DAY), "There is no price list 'shop '; did you mean 'shop'?"),
    (("", "--date", DAY), "There is no price list ''; there are shop."),
]
