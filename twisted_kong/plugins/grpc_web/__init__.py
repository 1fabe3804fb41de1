"""grpc-web: translates gRPC-Web to gRPC."""
