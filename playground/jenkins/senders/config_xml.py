"""A job's config.xml as some senders attach it: with the secrets it may hold. Pure."""

from __future__ import annotations

from xml.sax.saxutils import escape

from playground.jenkins.parameters import Kind, ParameterDefinition
from playground.jenkins.world import Job


def config_xml(job: Job) -> str:
    """The configuration; the remote trigger's token stands in it in clear."""
    root = "flow-definition" if job.kind == "pipeline" else "project"
    token = f"\n  <authToken>{escape(job.auth_token)}</authToken>" if job.auth_token else ""
    parameters = "".join(_parameter(definition) for definition in job.parameters)
    return (
        f"<?xml version='1.1' encoding='UTF-8'?>\n<{root}>\n"
        f"  <description>{escape(job.description or '')}</description>\n"
        f"  <properties>{parameters}</properties>\n"
        f"  <disabled>{str(job.disabled).lower()}</disabled>{token}\n</{root}>"
    )


def _parameter(definition: ParameterDefinition) -> str:
    default = definition.default_value().as_text()
    tag = "defaultValue" if definition.kind is not Kind.CHOICE else "choice"
    kind = f"hudson.model.{definition.kind}ParameterDefinition"
    return f"<{kind}><name>{escape(definition.name)}</name><{tag}>{escape(default)}</{tag}></{kind}>"
