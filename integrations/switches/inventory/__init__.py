"""Which switches there are: from the file, the environment, NetBox and Nautobot."""
