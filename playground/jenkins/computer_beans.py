"""The nodes as exported beans: executors and what runs on them, labels, why a node is offline. Pure."""

from __future__ import annotations

from playground.jenkins.executors import Executors
from playground.jenkins.exports import PLACEHOLDER, Exports
from playground.jenkins.nodes import AGENT_HOME, Node
from playground.jenkins.tree import Bean, Exported, Value, bean
from playground.jenkins.world import Build

_PLACEHOLDER_EXECUTABLE = f"{PLACEHOLDER}$PlaceholderExecutable"
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


def computer_set(exports: Exports, executors: Executors, now: int) -> Bean:
    """`/computer/api/json`."""
    computers: list[Value] = [computer(exports, executors, node, now) for node in executors.nodes]
    online = [node for node in executors.nodes if node.online]
    return Bean(
        "hudson.model.ComputerSet",
        {
            "busyExecutors": Exported(sum(len(executors.on(node)) for node in executors.nodes)),
            "computer": Exported(computers, 1, inline=True),
            "displayName": Exported("Nodes"),
            "totalExecutors": Exported(sum(node.executors for node in online)),
        },
    )


def computer(exports: Exports, executors: Executors, node: Node, now: int) -> Bean:
    """A node, with the builds on its executors; on the built-in one also the pipelines themselves.

    What only an agent has is from hudson.slaves.SlaveComputer.
    """
    seated = executors.on(node)
    one_off = (
        [build for build in executors.running() if build.job.kind == "pipeline"] if not node.name else []
    )
    common = bean(
        "hudson.slaves.SlaveComputer" if node.name else "hudson.model.Hudson$MasterComputer",
        1,
        actions=[],
        assignedLabels=lambda: _labels(executors, node),
        description=node.description,
        displayName=node.display_name,
        executors=lambda: _executors(exports, node, seated, now),
        icon="symbol-computer" if node.online else "symbol-computer-offline",
        iconClassName="symbol-computer" if node.online else "symbol-computer-offline",
        idle=not seated and not one_off,
        jnlpAgent=bool(node.name),
        launchSupported=not node.name,
        loadStatistics=_load(),
        manualLaunchAllowed=True,
        monitorData={**_MONITORS, **_timed_monitors(now)},
        numExecutors=node.executors,
        offline=not node.online,
        offlineCause=_offline_cause(node, now),
        offlineCauseReason=_reason(node),
        oneOffExecutors=[_one_off(exports, build, now) for build in one_off],
        temporarilyOffline=node.mark is not None,
    )
    if not node.name:
        return common
    return Bean(common.java_class, {**common.properties, "absoluteRemotePath": Exported(AGENT_HOME)})


def _offline_cause(node: Node, now: int) -> Bean | None:
    if node.mark is not None:
        return bean(
            "hudson.slaves.OfflineCause$UserCause",
            1,
            timestamp=node.mark.at,
            description=node.mark.description,
        )
    if node.disconnected:
        return bean("hudson.slaves.OfflineCause$ChannelTermination", 1, timestamp=now)
    return None


def _reason(node: Node) -> str:
    """Without who did it: hudson.model.Computer.getOfflineCauseReason cuts that off."""
    if node.mark is not None:
        return node.mark.message
    return "Connection was broken" if node.disconnected else ""


def _executors(exports: Exports, node: Node, seated: list[Build], now: int) -> list[Value]:
    return [
        _executor(exports, seated[number] if number < len(seated) else None, number, now)
        for number in range(node.executors)
    ]


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
    return Bean(_PLACEHOLDER_EXECUTABLE, exports.locator(build).properties)


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


def _labels(executors: Executors, node: Node) -> list[Value]:
    return [_label(executors, label) for label in dict.fromkeys((*node.labels, node.own_label))]


def _label(executors: Executors, label: str) -> Bean:
    """A label with the nodes that have it; its name shows one level deeper than the rest."""
    nodes = executors.nodes.fitting(label)
    total = sum(node.executors for node in nodes if node.online)
    busy = sum(len(executors.on(node)) for node in nodes)
    classes = ("hudson.slaves.DumbSlave", "hudson.model.Hudson")
    described = bean(
        None,
        1,
        actions=[],
        busyExecutors=busy,
        clouds=[],
        description=None,
        idleExecutors=max(0, total - busy),
        loadStatistics=Bean("hudson.model.Label$1"),
        nodes=[bean(classes[not node.name], 2, nodeName=node.name) for node in nodes],
        offline=not any(node.online for node in nodes),
        tiedJobs=[],
        totalExecutors=total,
        propertiesList=[],
    )
    return Bean(None, {**described.properties, "name": Exported(label, 2)})


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
