"""statsd: counts requests for StatsD."""
