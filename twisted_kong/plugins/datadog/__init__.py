"""datadog: counts requests for Datadog."""
