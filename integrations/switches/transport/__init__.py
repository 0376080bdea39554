"""Two ways to a switch behind one seam: the fast path and the sure path."""
