"""`appliance doctor`: every check of the installation, a line each."""

from dataclasses import asdict

import click

from ...config import Config, load
from ...doctor import Finding, examine
from ...errors import ConfigError
from ...home import find_home
from ...render.terminal import safe
from ..options import as_json, print_json


@click.command("doctor")
@as_json
def command(as_json: bool) -> None:
    """Check this installation and this home; each finding names its repair.

    Exits with 1 when something does not work; a warning is no failure.
    """
    findings: list[Finding] = []
    try:
        config = load()
    except ConfigError as error:
        findings.append(Finding("settings", "FAIL", str(error)))
        config = Config(find_home()[0])
    if findings and not as_json:
        click.echo(line(findings[0]))
    for finding in examine(config):
        findings.append(finding)
        if not as_json:
            click.echo(line(finding))
    failed = sum(not finding.ok for finding in findings)
    if as_json:
        print_json({"ok": not failed, "findings": [asdict(finding) for finding in findings]})
    if failed:
        raise SystemExit(1)


def line(finding: Finding) -> str:
    """Return a finding as one line: level, name, sentence, repair."""
    repair = f" → {finding.repair}" if finding.repair else ""
    return safe(f"{finding.level:<4}  {finding.name}: {finding.said}{repair}").replace("\n", " ")
