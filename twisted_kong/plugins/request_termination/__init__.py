"""request-termination: answers by itself in place of the Service."""
