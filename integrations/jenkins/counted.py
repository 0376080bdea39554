"""What of Jenkins is counted, and shown by `/metrics`: the name of each counter, what it counts, its labels."""

COUNTED = {
    "jenkins_requests": ("Requests to Jenkins by what became of them", "outcome,server"),
    "jenkins_looks": ("Looks at a Jenkins for builds that nobody reported", "outcome,server"),
    "jenkins_reports": (
        "Reports handled by their sender; those of the type unknown nobody can read",
        "sender,type",
    ),
    "jenkins_builds_told": ("Messages to rooms about builds that ended", "change,result"),
}
