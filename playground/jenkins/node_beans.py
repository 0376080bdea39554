"""Jenkins itself, its one node, its plugins and its users as exported beans. Pure."""

from __future__ import annotations

from playground.jenkins.exports import Exports
from playground.jenkins.tree import Bean, Exported, Value, bean
from playground.jenkins.world import Build

VERSION = "2.463"
_DESCRIPTION = "the Jenkins controller's built-in node"
_PLACEHOLDER = (
    "org.jenkinsci.plugins.workflow.support.steps.ExecutorStepExecution$PlaceholderTask$PlaceholderExecutable"
)
_PLUGINS = {
    "branch-api": "2.1144.v1425d1c3d5a_7",
    "cloudbees-folder": "6.858.v898218f3609d",
    "junit": "1.28",
    "notification": "1.17",
    "pipeline-input-step": "477.v339683a_8d55e",
    "pipeline-rest-api": "2.34",
    "workflow-job": "1385.vb_58b_86ea_fff1",
}
_MONITORS: dict[str, Value] = {
    "hudson.node_monitors.SwapSpaceMonitor": {
        "_class": "hudson.node_monitors.SwapSpaceMonitor$MemoryUsage2",
        "availablePhysicalMemory": 22_194_618_368,
        "availableSwapSpace": 0,
        "totalPhysicalMemory": 25_276_514_304,
        "totalSwapSpace": 0,
    },
    "hudson.node_monitors.ArchitectureMonitor": "Linux (amd64)",
    "hudson.node_monitors.ClockMonitor": {"_class": "hudson.util.ClockDifference", "diff": 0},
}


def hudson(exports: Exports, root_url: str, executors: int, quieting_down: bool) -> Bean:
    """`/api/json`."""
    labels: list[Value] = [bean(None, 2, name="built-in")]
    view = exports.view("", "")
    return bean(
        "hudson.model.Hudson",
        1,
        assignedLabels=labels,
        mode="NORMAL",
        nodeDescription=_DESCRIPTION,
        nodeName="",
        numExecutors=executors,
        description=None,
        jobs=lambda: exports.items(""),
        overallLoad=Bean(None),
        primaryView=view,
        quietDownReason=None,
        quietingDown=quieting_down,
        slaveAgentPort=0,
        unlabeledLoad=Bean("jenkins.model.UnlabeledLoadStatistics"),
        url=root_url,
        useCrumbs=True,
        useSecurity=True,
        views=[view],
    )


def computer_set(exports: Exports, running: list[Build], count: int, now: int) -> Bean:
    """`/computer/api/json`; `count` is the number of executors."""
    computers: list[Value] = [computer(exports, running, count, now)]
    return Bean(
        "hudson.model.ComputerSet",
        {
            "busyExecutors": Exported(_busy(running, count)),
            "computer": Exported(computers, 1, inline=True),
            "displayName": Exported("Nodes"),
            "totalExecutors": Exported(count),
        },
    )


def computer(exports: Exports, running: list[Build], count: int, now: int) -> Bean:
    """The built-in node, with the builds on its executors and the pipelines on their one-off executors."""
    seated = _seats(running)[:count]
    idle = not seated and not running
    executors: list[Value] = [
        _executor(exports, seated[number] if number < len(seated) else None, number, now)
        for number in range(count)
    ]
    one_off: list[Value] = [
        _one_off(exports, build, now) for build in running if build.job.kind == "pipeline"
    ]
    return bean(
        "hudson.model.Hudson$MasterComputer",
        1,
        actions=[],
        assignedLabels=[_label(len(seated), count)],
        description=_DESCRIPTION,
        displayName="Built-In Node",
        executors=executors,
        icon="symbol-computer",
        iconClassName="symbol-computer",
        idle=idle,
        jnlpAgent=False,
        launchSupported=True,
        loadStatistics=_load(),
        manualLaunchAllowed=True,
        monitorData={**_MONITORS, **_timed_monitors(now)},
        numExecutors=count,
        offline=False,
        offlineCause=None,
        offlineCauseReason="",
        oneOffExecutors=one_off,
        temporarilyOffline=False,
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


def _seats(running: list[Build]) -> list[Build]:
    """Who holds an executor: freestyle builds first, then pipelines inside a `node` block.

    A pipeline that waits for input has let its executor go, so only `oneOffExecutors` shows it (measured).
    """
    freestyle = [build for build in running if build.job.kind == "freestyle"]
    pipelines = [build for build in running if build.job.kind == "pipeline" and build.pending is None]
    return freestyle + pipelines


def _busy(running: list[Build], count: int) -> int:
    return min(count, len(_seats(running)))


def _executor(exports: Exports, build: Build | None, number: int, now: int) -> Bean:
    return bean(
        None,
        1,
        currentExecutable=None if build is None else _executable(exports, build),
        idle=build is None,
        likelyStuck=False,
        number=number,
        progress=-1 if build is None else _progress(build, now),
    )


def _executable(exports: Exports, build: Build) -> Bean:
    if build.job.kind == "freestyle":
        return exports.build(build)
    return Bean(_PLACEHOLDER, exports.locator(build).properties)


def _one_off(exports: Exports, build: Build, now: int) -> Bean:
    return bean(
        None,
        1,
        currentExecutable=exports.build(build),
        idle=False,
        likelyStuck=False,
        number=-1,
        progress=_progress(build, now),
    )


def _progress(build: Build, now: int) -> int:
    """Percent of the estimate that has passed, at most 99; -1 without an estimate."""
    estimate = build.job.estimated_duration()
    return -1 if estimate <= 0 else min(99, (now - build.started) * 100 // estimate)


def _label(busy: int, count: int) -> Bean:
    node = bean("hudson.model.Hudson", 2, nodeName="")
    described = bean(
        None,
        1,
        actions=[],
        busyExecutors=busy,
        clouds=[],
        description=None,
        idleExecutors=count - busy,
        loadStatistics=Bean("hudson.model.Label$1"),
        nodes=[node],
        offline=False,
        tiedJobs=[],
        totalExecutors=count,
        propertiesList=[],
    )
    return Bean(None, {**described.properties, "name": Exported("built-in", 2)})


def _load() -> Bean:
    names = ("available", "busy", "connecting", "defined", "idle", "online", "total")
    series: dict[str, Value] = {f"{name}Executors": Bean(None) for name in names}
    return bean("hudson.model.Label$1", 1, **series, queueLength=Bean(None))


def _timed_monitors(now: int) -> dict[str, Value]:
    disk: dict[str, Value] = {
        "_class": "hudson.node_monitors.DiskSpaceMonitorDescriptor$DiskSpace",
        "timestamp": now,
        "path": "/var/jenkins_home",
        "size": 80_998_998_016,
        "threshold": 1_073_741_824,
        "totalSize": 270_553_174_016,
        "warningThreshold": 2_147_483_648,
    }
    response: dict[str, Value] = {
        "_class": "hudson.node_monitors.ResponseTimeMonitor$Data",
        "timestamp": now,
        "average": 0,
    }
    return {
        "hudson.node_monitors.TemporarySpaceMonitor": disk,
        "hudson.node_monitors.DiskSpaceMonitor": disk,
        "hudson.node_monitors.ResponseTimeMonitor": response,
    }
