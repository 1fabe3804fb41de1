"""The living state of one node: cache, feed reader, router, plugin chains, balancers."""
