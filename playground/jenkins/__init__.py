"""A stand-in Jenkins: speaks the remote API of a real 2.463 from memory, for demos, tests and load."""
