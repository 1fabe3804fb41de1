"""DAOs and the strategies (kinds of datastore) that keep entities and the log of their changes."""
