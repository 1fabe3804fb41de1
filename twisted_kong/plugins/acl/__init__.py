"""acl: lets Consumers of some groups in, or keeps them out."""
