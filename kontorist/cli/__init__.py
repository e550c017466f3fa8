"""The command line: parse, call, print. Names, options, exit codes and JSON keys are a contract."""

from __future__ import annotations

import sys

import typer

from kontorist.cli import (
    adopt,
    agents,
    audit,
    cases,
    compose,
    evaluate,
    inbox,
    login,
    mail,
    models,
    notify,
    office,
    operations,
    past,
    privacy,
    upload,
    users,
    work,
)
from kontorist.cli.common import EXIT_PROBLEM, say
from kontorist.core.errors import KontoristError

app = typer.Typer(
    name="kontorist",
    help="Prepares office work from mail, files and exports; a person approves; then it is done once.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
work.register(app)
upload.register(app)
office.register(app)
compose.register(app)
adopt.register(app)
operations.register(app)
evaluate.register(app)
past.register(app)
notify.register(app)
login.register(app)
models.register(app)
app.add_typer(cases.app, name="cases")
app.add_typer(inbox.app, name="inbox")
app.add_typer(mail.app, name="mail")
app.add_typer(agents.app, name="agents")
app.add_typer(audit.app, name="audit")
app.add_typer(users.app, name="user")
app.add_typer(privacy.app, name="privacy")


def main() -> None:
    """Entry point of the `kontorist` command: known errors become one sentence and exit code 1, wrong usage 2."""
    try:
        app()
    except KontoristError as error:
        say(str(error))
        sys.exit(EXIT_PROBLEM)
    except KeyboardInterrupt:
        say("Stopped.")
        sys.exit(130)
    except BrokenPipeError:
        sys.exit(0)
    except OSError as error:
        if not error.filename:
            raise  # no file of the admin's: a mistake of ours, to be seen whole
        say(f"{error.filename}: {error.strerror or error}. Name another place, or mend who may read and write there.")
        sys.exit(EXIT_PROBLEM)
