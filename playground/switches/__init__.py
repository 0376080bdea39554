"""A stand-in farm of Cisco Nexus switches that speak NX-API, each on an address of its own.

What it plays is made up (fabric.py, anomalies.py, traffic.py); how it tells it follows documentation, recorded
answers and the sources of clients: napalm reads it, configures it and rolls it back, and the templates of
ntc-templates parse its text. Where nothing was to be found the docstring says that a form is assumed.
"""
