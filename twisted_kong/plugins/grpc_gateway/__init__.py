"""grpc-gateway: translates JSON over HTTP to gRPC."""
