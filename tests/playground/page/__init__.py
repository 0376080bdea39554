"""Tests of the chat page of the playground's Webex, in a browser."""
