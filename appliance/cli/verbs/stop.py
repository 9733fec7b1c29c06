"""`appliance stop`: end the home's private PostgreSQL."""

import click

from store.cluster import Cluster

from ..options import config_from


@click.command("stop")
def command() -> None:
    """Stop the home's private PostgreSQL; the next command starts it again."""
    config = config_from()
    if config.database_url:
        click.echo("the settings name a database of your own; nothing to stop", err=True)
        return
    cluster = Cluster(config.home.root / "postgres")
    stopped = cluster.stop()
    click.echo("stopped" if stopped else "it was not running", err=True)
