"""basic-auth: tells a Consumer by user name and password."""
