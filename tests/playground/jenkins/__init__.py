"""Tests of the stand-in Jenkins, each through HTTP against a process of its own."""
