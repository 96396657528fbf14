"""Generated Dockerfiles: one module a language says what its template needs."""
