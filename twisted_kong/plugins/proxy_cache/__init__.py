"""proxy-cache: answers from memory what the Service has answered before."""
