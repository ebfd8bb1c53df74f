"""The `warmline` command: what can be typed, and nothing else.

Each command imports what it needs when it runs, so that `--help` answers at once.
"""

import importlib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typing_extensions import override

from services.cli.terminal import complain, explained

# Groups of commands with a module of their own, imported when first asked for.
_DAILY = ("attainment", "metrics", "report", "rules", "rotas", "staffing")
_PROMISED = ("policies", "calendars", "standstills", "objectives", "followers")
_TELLING = ("alerts", "audit", "channels", "reports", "silences", "detectors", "subscriptions")
_GROUPS = (
    "keys",
    "workspaces",
    "members",
    "quarantine",
    "dead-letters",
    "triage",
    "export",
    *_TELLING,
    *_PROMISED,
    *_DAILY,
)


class Commands(TyperGroup):
    """Turns expected failures into a sentence on stderr and an exit code."""

    @override
    def list_commands(self, ctx: Any) -> list[str]:
        return [*super().list_commands(ctx), *_GROUPS]

    @override
    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in _GROUPS:
            return super().get_command(ctx, cmd_name)
        module = importlib.import_module(f"services.cli.{cmd_name.replace('-', '_')}")
        group = typer.main.get_command(module.app)
        group.name = cmd_name
        return group

    @override
    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except (typer.Exit, typer.Abort, KeyboardInterrupt):
            raise
        except Exception as error:
            expected = explained(error)
            if expected is None:
                raise
            complain(str(expected))
            raise typer.Exit(expected.exit_code) from error


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Warmline keeps a brand's promise to answer.\n\n"
    "Start with [bold]warmline up[/]: it brings its own database, needs no configuration and "
    "shows made-up traffic. Settings come from WARMLINE__… variables (docs/cli.md).",
)

DataDir = Annotated[
    Path | None,
    typer.Option("--data", metavar="DIR", help="Data folder of a running `warmline up`."),
]
Url = Annotated[str, typer.Option(help="A Warmline that runs.")]
Scenario = Annotated[str, typer.Option(help="calm, busy, night, crisis, spam-wave or mixed.")]
Seed = Annotated[int, typer.Option(help="The same seed plans the same traffic.")]
_RUN = "Run"
_TRY = "Try out"
_MEND = "Look after"
_BUILD = "Develop"


class Language(StrEnum):
    EN = "en"
    ZH = "zh"


class ReplayState(StrEnum):
    PROCESSED = "processed"
    QUARANTINED = "quarantined"
    NO_HANDLER_YET = "no_handler_yet"


@app.command(rich_help_panel=_RUN)
def up(
    *,
    demo: Annotated[
        bool, typer.Option(help="Send made-up traffic to a demo workspace and show it live.")
    ] = True,
    port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Where the API listens. [dim]default: 8080[/]"),
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Where data is kept. [dim]default: .warmline[/]"),
    ] = None,
) -> None:
    """Run everything on this machine, until Ctrl-C.

    Postgres and Valkey start from the installed packages unless WARMLINE__DATABASE__URL and
    WARMLINE__REDIS__URL name servers of your own. The first start prints an admin key, once.
    """
    from services.cli.up import run_everything

    run_everything(demo=demo, port=port, data_dir=data)


@app.command(rich_help_panel=_RUN)
def api(
    *,
    gated: Annotated[bool, typer.Option(hidden=True)] = False,
    listener: Annotated[int | None, typer.Option(hidden=True)] = None,
) -> None:
    """Serve HTTP, with the environment's settings (what the api container runs)."""
    from services.cli.serve import serve_api

    serve_api(gated=gated, listener=listener)


@app.command(rich_help_panel=_RUN)
def worker(gated: Annotated[bool, typer.Option(hidden=True)] = False) -> None:
    """Do the work: triage, clocks, alerts, sending (what the worker container runs)."""
    from services.cli.serve import run_worker

    run_worker(gated=gated)


@app.command(rich_help_panel=_RUN)
def migrate(data: DataDir = None) -> None:
    """Bring the database's schema to this version. Doing it twice changes nothing."""
    from services.cli.migrate import migrate_and_tell

    migrate_and_tell(data)


@app.command(rich_help_panel=_TRY)
def demo(
    *,
    key: Annotated[
        str, typer.Option(envvar="WARMLINE_KEY", help="An admin key of the workspace to use.")
    ],
    url: Url = "http://127.0.0.1:8080",
    rate: Annotated[float, typer.Option(min=0.1, max=500, help="Webhooks a second.")] = 1.0,
    seed: Seed = 35,
) -> None:
    """Show the demo on a Warmline that is already up, until Ctrl-C.

    Makes a source, a webhook channel and a policy counted in seconds in the key's workspace; the
    worker must be allowed to reach this machine.
    """
    from services.cli.demo import show_demo

    show_demo(url=url, key=key, rate=rate, seed=seed)


@app.command(rich_help_panel=_TRY)
def simulate(
    *,
    source: Annotated[str, typer.Option(metavar="ID", help="The source to send as.")],
    secret: Annotated[
        str, typer.Option(envvar="WARMLINE_SOURCE_SECRET", help="Its whsec_… secret.")
    ],
    url: Url = "http://127.0.0.1:8080",
    rate: Annotated[float, typer.Option(min=0.01, help="Events a second, on average.")] = 2.0,
    duration: Annotated[float, typer.Option(min=0, help="Seconds; 0 is until Ctrl-C.")] = 60.0,
    scenario: Scenario = "mixed",
    seed: Seed = 1,
    batch: Annotated[int, typer.Option(min=1, max=500, help="Events a delivery, at most.")] = 1,
    duplicates: Annotated[
        float, typer.Option(min=0, max=1, help="Share of deliveries sent twice.")
    ] = 0.0,
    shuffle: Annotated[
        float, typer.Option(min=0, help="Deliveries overtake each other by so many seconds.")
    ] = 0.0,
    ledger: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Append what was promised, as JSON lines.")
    ] = None,
) -> None:
    """Be a platform: send a source signed webhooks of made-up followers."""
    from services.cli.simulate import Traffic, send_traffic

    send_traffic(
        Traffic(
            url=url,
            source=source,
            secret=secret,
            rate=rate,
            duration=duration or None,
            scenario=scenario,
            seed=seed,
            batch=batch,
            duplicates=duplicates,
            shuffle_seconds=shuffle,
            ledger=ledger,
        )
    )


@app.command(rich_help_panel=_MEND)
def doctor(data: DataDir = None) -> None:
    """Look at everything this installation stands on; say what to do about what is not well.

    Ends with 1 when something is broken. Changes nothing.
    """
    from services.cli.doctor import examine_and_tell

    raise typer.Exit(examine_and_tell(data))


@app.command(rich_help_panel=_MEND)
def explain(
    case: Annotated[str, typer.Argument(metavar="CASE", help="Its id, or the end of it.")],
    *,
    lang: Annotated[Language, typer.Option(help="What it is told in.")] = Language.EN,
    tz: Annotated[
        str | None,
        typer.Option(metavar="ZONE", help="Tell times in Asia/Shanghai, say; else the calendar's."),
    ] = None,
    workspace: Annotated[str, typer.Option(help="Its short name or id.")] = "default",
    data: DataDir = None,
) -> None:
    """Say in words why each promise of a case is due when it is, and what became of it."""
    from services.cli.explain import explain_and_print

    explain_and_print(case, lang=lang.value, zone=tz, workspace=workspace, data_dir=data)


@app.command(rich_help_panel=_MEND)
def notices(
    *,
    lang: Annotated[Language, typer.Option(help="The language of the texts.")] = Language.ZH,
    workspace: Annotated[str, typer.Option(help="Its short name or id.")] = "default",
    data: DataDir = None,
) -> None:
    """Print what the public may be told of answers: profile, posts, direct messages, absences."""
    from services.cli.notices import print_notices

    print_notices(lang=lang.value, workspace=workspace, data_dir=data)


@app.command(rich_help_panel=_MEND)
def watch(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Look once; ends with 1 when something stands still.")
    ] = False,
    data: DataDir = None,
) -> None:
    """Watch the workers from outside: name what stands still, tell the heartbeat's address.

    Each worker has such an auditor in it; this one also notices when all of them are gone.
    """
    from services.cli.watch import look_and_tell, watch_until_told

    if once:
        raise typer.Exit(look_and_tell(data))
    watch_until_told(data)


@app.command(rich_help_panel=_MEND)
def replay(
    *,
    delivery: Annotated[str | None, typer.Option(metavar="ID", help="One delivery.")] = None,
    since: Annotated[
        str | None,
        typer.Option(
            "--from", "--since", metavar="ISO", help="Received since; 2026-11-21T08:00:00+08:00."
        ),
    ] = None,
    until: Annotated[
        str | None, typer.Option("--to", "--until", metavar="ISO", help="Received before.")
    ] = None,
    state: Annotated[ReplayState | None, typer.Option(help="Only what stands there now.")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say how many entries that would be.")
    ] = False,
    workspace: Annotated[str, typer.Option(help="Its short name or id.")] = "default",
    data: DataDir = None,
) -> None:
    """Process kept deliveries again. What already took effect changes nothing."""
    from services.cli.replay import Selection, replay_and_tell

    replay_and_tell(
        Selection.read(delivery=delivery, since=since, until=until, state=state),
        workspace=workspace,
        data_dir=data,
        dry_run=dry_run,
    )


@app.command(rich_help_panel=_BUILD)
def openapi(
    check: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Compare with this file instead; 1 when it differs."),
    ] = None,
    breaking: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Say what breaks for clients of this one; 1 when something does."
        ),
    ] = None,
    compact: Annotated[
        bool, typer.Option("--compact", help="Print only what clients rely on, as a baseline.")
    ] = False,
    collection: Annotated[
        bool, typer.Option("--collection", help="Print requests to import into Postman or Bruno.")
    ] = False,
    python: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write the Python client's types and calls there."),
    ] = None,
) -> None:
    """Print the HTTP interface as OpenAPI JSON."""
    from services.cli import openapi as schema

    if check is not None:
        schema.check_schema(check)
    elif breaking is not None:
        schema.check_breaking(breaking)
    elif compact:
        schema.print_baseline()
    elif collection:
        schema.print_collection()
    elif python is not None:
        schema.write_python(python)
    else:
        schema.print_schema()


@app.command(rich_help_panel=_BUILD)
def facts(
    check: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Compare with this file instead; 1 when it differs."),
    ] = None,
) -> None:
    """Print the page of every kind of fact, as docs/facts.md has it."""
    from services.cli.facts import check_page, print_page

    if check is None:
        print_page()
    else:
        check_page(check)


@app.command(rich_help_panel=_BUILD)
def roles() -> None:
    """Print the page of who may do what, as docs/roles.md has it."""
    from services.cli.roles import print_page

    print_page()


@app.command(rich_help_panel=_BUILD)
def revision(
    message: Annotated[str, typer.Argument(help="What the migration does: 'add a table'.")],
    data: DataDir = None,
) -> None:
    """Draft a migration from the difference between the tables in the code and the database."""
    from services.cli.migrate import draft_revision

    draft_revision(message, data)


@app.command(rich_help_panel=_BUILD)
def bench(
    output: Annotated[
        Path, typer.Option(metavar="FILE", help="Where the table is written.")
    ] = Path("docs/benchmarks.md"),
    quick: Annotated[bool, typer.Option(help="A tenth of the work, to see that it runs.")] = False,
) -> None:
    """Measure this machine: starts, memory, latencies, events a second. Takes some minutes."""
    from services.cli.bench import measure_and_write

    measure_and_write(output, quick=quick)


if __name__ == "__main__":
    app(prog_name="warmline")
