"""Tests of the Jenkins integration: against recorded answers, and a stand-in in a process of its own."""
