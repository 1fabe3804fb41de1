-- A connection for each request, so that TLS is negotiated anew each time.
wrk.headers["Connection"] = "close"
