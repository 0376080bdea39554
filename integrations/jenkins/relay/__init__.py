"""From a report to the rooms that care: what is known of a build, who wants to hear it, and in which words."""
