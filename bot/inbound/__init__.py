"""What comes in over HTTP: checked, stored, queued, answered; and the jobs that then make sense of it."""
