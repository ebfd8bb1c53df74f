"""`warmline facts`: the page of every kind of fact, written from the catalogue."""

from pathlib import Path

from services.cli.terminal import BadInputError, CommandError, say


def print_page() -> None:
    """`warmline facts`."""
    from services.core.stream.catalogue.page import write_page

    say(write_page().rstrip("\n"))


def check_page(file: Path) -> None:
    """`warmline facts --check FILE`. Raises CommandError when the file is not the page."""
    from services.core.stream.catalogue.page import write_page

    try:
        kept = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInputError(f"{file} cannot be read: {error}.") from error
    if kept != write_page():
        raise CommandError(f"{file} is not current. Write it anew: `warmline facts > {file}`.")
    say(f"{file} is up to date.")
