"""twisted_kong: an API gateway node that a Kong operator can put in Kong's place."""
