"""One package a kind of datastore; none knows another."""
