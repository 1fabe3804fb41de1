"""aws-lambda: calls a function of AWS Lambda in place of the Service."""
