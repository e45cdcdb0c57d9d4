"""The command `passerelle`: what a person does with an installation from a shell."""

from __future__ import annotations

from typing import Any

import typer
from rich.console import Console
from typer.core import TyperGroup

from passerelle import beginning, eche, parked, people, tokens, tracing, upkeep
from passerelle.demo import loader
from passerelle.failure import Failure


class Plain(TyperGroup):
    """Shows a `Failure` as a sentence on standard error and ends with 1."""

    def invoke(self, context: Any) -> Any:
        try:
            return super().invoke(context)
        except Failure as failure:
            Console(stderr=True, highlight=False).print(str(failure), style="red", markup=False, soft_wrap=True)
            raise typer.Exit(1) from None


app = typer.Typer(cls=Plain, no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
import_ = typer.Typer(cls=Plain, no_args_is_help=True, help="Bring in a list that others keep.")
people_ = typer.Typer(cls=Plain, no_args_is_help=True, help="The directory of people.")
parked_ = typer.Typer(cls=Plain, no_args_is_help=True, help="Records that a service could not deal with.")

app.command("init")(beginning.init)
app.add_typer(import_, name="import")
import_.command("eche")(eche.import_eche)
app.add_typer(people_, name="people")
people_.command("import")(people.import_people)
app.command("token")(tokens.token)
app.command("trace")(tracing.trace)
app.add_typer(parked_, name="parked")
parked_.command("list")(parked.list_)
parked_.command("show")(parked.show)
parked_.command("redrive")(parked.redrive)
app.command("resume")(parked.resume)
app.command("rebuild")(upkeep.rebuild)
app.command("republish")(upkeep.republish)
app.command("verify")(upkeep.verify)
app.command("demo")(loader.demo)


if __name__ == "__main__":
    app()
