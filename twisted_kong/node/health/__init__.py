"""Health checks as a node runs them: probes, their timers, and what requests report."""
