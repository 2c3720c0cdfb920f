"""One module a revision, frozen once released: statements as text, importing nothing of the house."""
