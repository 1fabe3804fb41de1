"""session: tells a Consumer by a cookie, after another plugin has once."""
