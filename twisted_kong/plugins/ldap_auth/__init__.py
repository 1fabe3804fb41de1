"""ldap-auth: asks an LDAP server whether a password is right."""
