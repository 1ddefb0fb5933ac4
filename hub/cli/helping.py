"""Help as people read it: plain text, names instead of types, examples that can be pasted."""

from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup


class Command(TyperCommand):
    """A command whose help shows `ALERT` where typer would show `{ALERT} <str>`."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """Return what stands behind the command's name in its usage line."""
        return ["[OPTIONS]", *(_shown(param) for param in self.params if isinstance(param, TyperArgument))]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write arguments and options."""
        arguments = [(p.metavar or p.name, p.help or "") for p in self.params if isinstance(p, TyperArgument)]
        if arguments:
            with formatter.section("Arguments"):
                formatter.write_dl(arguments)
        options = [p.get_help_record(ctx) for p in self.get_params(ctx) if not isinstance(p, TyperArgument)]
        with formatter.section("Options"):
            formatter.write_dl([record for record in options if record is not None])


class Group(TyperGroup):
    """A group whose list of commands shows each one's first line whole."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, in their order."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, (command.help or "").split("\n\n")[0].strip()) for name, command in found if command]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class Commands(typer.Typer):
    """Commands whose help is plain; without one of them, their list is shown."""

    def __init__(self, help: str, **options: Any) -> None:
        super().__init__(
            help=help,
            cls=Group,
            no_args_is_help=True,
            add_completion=False,
            rich_markup_mode=None,
            pretty_exceptions_enable=False,
            **options,
        )

    def add(self, name: str, run: Any, *examples: str) -> None:
        """Add a command; its help is the docstring of `run`, then the examples."""
        epilog = "\n".join(["\b", "Examples:", *(f"  {line}" for line in examples)]) if examples else None
        self.command(name, cls=Command, epilog=epilog)(run)


def _shown(argument: TyperArgument) -> str:
    name = argument.metavar or argument.name
    return name if argument.required else f"[{name}]"
