"""What the end-to-end tests stand on: the real binary, a scripted provider, plain sockets."""
