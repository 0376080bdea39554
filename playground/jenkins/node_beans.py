"""Jenkins itself, its plugins and its users as exported beans. Pure."""

from __future__ import annotations

from playground.jenkins.exports import Exports
from playground.jenkins.nodes import Node
from playground.jenkins.tree import Bean, Value, bean

VERSION = "2.463"
_PLUGINS = {
    "branch-api": "2.1144.v1425d1c3d5a_7",
    "cloudbees-folder": "6.858.v898218f3609d",
    "junit": "1.28",
    "notification": "1.17",
    "pipeline-input-step": "477.v339683a_8d55e",
    "pipeline-rest-api": "2.34",
    "workflow-job": "1385.vb_58b_86ea_fff1",
}


def hudson(
    exports: Exports, root_url: str, built_in: Node, quieting_down: bool, quiet_down_reason: str | None
) -> Bean:
    """`/api/json`."""
    labels: list[Value] = [bean(None, 2, name="built-in")]
    view = exports.view("", "")
    return bean(
        "hudson.model.Hudson",
        1,
        assignedLabels=labels,
        mode="NORMAL",
        nodeDescription=built_in.description,
        nodeName="",
        numExecutors=built_in.executors,
        description=None,
        jobs=lambda: exports.items(""),
        overallLoad=Bean(None),
        primaryView=view,
        quietDownReason=quiet_down_reason,
        quietingDown=quieting_down,
        slaveAgentPort=0,
        unlabeledLoad=Bean("jenkins.model.UnlabeledLoadStatistics"),
        url=root_url,
        useCrumbs=True,
        useSecurity=True,
        views=[view],
    )


def plugin_manager() -> Bean:
    """`/pluginManager/api/json`: the plugins whose ways this stand-in has."""
    plugins: list[Value] = [
        bean(
            None,
            2,
            active=True,
            enabled=True,
            hasUpdate=False,
            longName=name,
            shortName=name,
            version=version,
        )
        for name, version in _PLUGINS.items()
    ]
    return bean("hudson.LocalPluginManager", 1, plugins=plugins)


def user(name: str, root_url: str) -> Bean:
    """`/me/api/json`."""
    return bean(
        "hudson.model.User",
        999,
        absoluteUrl=f"{root_url}user/{name}",
        description=None,
        fullName=name,
        id=name,
        property=[],
    )
