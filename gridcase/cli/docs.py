"""``gridcase docs``: pages of ``docs/`` that are printed from the code, so that they cannot disagree with it."""

import click


@click.group()
def docs() -> None:
    """Pages of the documentation printed from the code."""


@docs.command()
def workflow() -> None:
    """Print docs/workflow.md: states, actions, roles, diagram."""
    from gridcase.edge.printing import in_both
    from gridcase.workflow.printing import workflow_page

    click.echo(workflow_page(in_both), nl=False)


@docs.command()
def errors() -> None:
    """Print docs/errors.md: every error code with its sentences."""
    from gridcase.edge.printing import errors_page

    click.echo(errors_page(), nl=False)


@docs.command()
def counts() -> None:
    """Print docs/counts.md: every base count with its definition."""
    from gridcase.assessment.printing import counts_page

    click.echo(counts_page(), nl=False)
