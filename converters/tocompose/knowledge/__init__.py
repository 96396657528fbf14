"""What is known of the world outside: images, servers, versions, secrets. The facts stand in `mappings/`."""
