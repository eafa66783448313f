"""A report as files for people and machines: spreadsheet, page, summary, events. Pure, and the same bytes each time."""
