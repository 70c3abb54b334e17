"""HTTP: the server, the pipeline every request passes, routes and signatures."""
