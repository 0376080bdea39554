"""A stand-in farm of Cisco Nexus switches that speak NX-API, each on an address of its own."""
